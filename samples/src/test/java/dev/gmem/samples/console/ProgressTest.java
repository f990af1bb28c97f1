package dev.gmem.samples.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final long SECOND = 1_000_000_000L;

  private final StringWriter text = new StringWriter();
  private final AtomicLong now = new AtomicLong();

  private Progress progress(boolean live, long total) {
    return new Progress(new PrintWriter(text), live, "step", total, now::get);
  }

  @Test
  void quickWorkSaysNothing() {
    try (Progress progress = progress(true, 3)) {
      for (int i = 1; i <= 3; i++) {
        now.addAndGet(SECOND / 10);
        progress.at(i);
      }
    }
    assertThat(text.toString()).isEmpty();
  }

  @Test
  void longWorkRedrawsOneLineAndTakesItAway() {
    try (Progress progress = progress(true, 4)) {
      now.addAndGet(SECOND);
      progress.at(2);
      progress.at(3);
      assertThat(text.toString()).isEqualTo("\rstep 2 of 4 (50 %)");
    }
    assertThat(text.toString()).endsWith("\r" + " ".repeat(18) + "\r").doesNotContain("\n");
  }

  @Test
  void whereNothingCanBeRedrawnThereIsALineEveryFewSeconds() {
    try (Progress progress = progress(false, 100)) {
      for (int i = 1; i <= 100; i++) {
        now.addAndGet(SECOND / 10);
        progress.at(i);
      }
    }
    assertThat(text.toString().lines())
        .containsExactly("step 50 of 100 (50 %)", "step 100 of 100 (100 %)");
  }

  @Test
  void workWithoutStepsTellsItsTime() {
    try (Progress progress = progress(false, 1)) {
      now.addAndGet(7 * SECOND);
      progress.after(7 * SECOND);
    }
    assertThat(text.toString().lines()).containsExactly("step: running for 7 s");
  }
}
