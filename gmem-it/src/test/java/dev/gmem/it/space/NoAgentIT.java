package dev.gmem.it.space;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Gmem;
import dev.gmem.GmemUnavailableException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Without the agent nothing pretends to work. */
@Tag("noagent")
class NoAgentIT {
  @Test
  void openingASpaceSaysHowToAttachTheAgent() {
    var error = assertThrows(GmemUnavailableException.class, Gmem::open);
    assertTrue(error.getMessage().contains("-javaagent:gmem-agent.jar"), error.getMessage());
    assertTrue(error.getMessage().contains("Launcher-Agent-Class"), error.getMessage());
  }
}
