package dev.gmem.opencl;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.SpaceOptions;
import dev.gmem.spi.GmDevice;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;

/** Tests of a device in an address space of their own, with the agent. */
abstract class InSpace {
  AddressSpace space;
  Arena arena;
  Device device;

  void open(SpaceOptions options, GmDevice made) {
    space = Gmem.open(options);
    device = space.attach(made);
    arena = space.arena();
  }

  @AfterEach
  void close() {
    if (space != null) {
      space.close();
    }
  }
}
