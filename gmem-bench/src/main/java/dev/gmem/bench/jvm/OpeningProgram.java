package dev.gmem.bench.jvm;

import dev.gmem.AddressSpace;
import dev.gmem.Gmem;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;

/** Opens an address space and writes one value into its memory. */
public final class OpeningProgram {
  private OpeningProgram() {}

  /**
   * Opens, writes, closes.
   *
   * @param args none
   */
  public static void main(String[] args) {
    try (AddressSpace space = Gmem.open();
        Arena arena = space.arena()) {
      arena.allocate(ValueLayout.JAVA_INT).set(ValueLayout.JAVA_INT, 0, 1);
    }
  }
}
