package dev.gmem.samples.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;

class ProgressTest {
  @Test
  void quickWorkSaysNothing() {
    StringWriter text = new StringWriter();
    try (Progress progress = new Progress(new PrintWriter(text), true, "step", 3)) {
      for (int i = 1; i <= 3; i++) {
        progress.at(i);
      }
    }
    assertThat(text.toString()).isEmpty();
  }

  @Test
  void longWorkRedrawsOneLineAndTakesItAway() throws InterruptedException {
    StringWriter text = new StringWriter();
    try (Progress progress = new Progress(new PrintWriter(text), true, "step", 4)) {
      Thread.sleep(750);
      progress.at(2);
      assertThat(text.toString()).isEqualTo("\rstep 2 of 4 (50 %)");
    }
    assertThat(text.toString()).endsWith("\r                  \r").doesNotContain("\n");
  }
}
