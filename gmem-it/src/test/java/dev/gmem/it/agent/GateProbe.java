package dev.gmem.it.agent;

import dev.gmem.GmemUnavailableException;
import dev.gmem.core.host.HostPlatforms;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A program that takes one fault, and says what it read. For child JVMs. */
final class GateProbe {
  private static final int BYTES = 4096;

  private GateProbe() {}

  /** With an argument, loops over ordinary memory first, until that is compiled. */
  public static void main(String[] args) throws InterruptedException {
    if (args.length > 0) {
      System.out.println("sum=" + hotLoop());
      if (!awaitAgent()) {
        return;
      }
    }
    System.out.println("read=" + readFromDevice());
  }

  private static long hotLoop() {
    long sum = 0;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = arena.allocate(BYTES);
      for (int i = 0; i < 20_000; i++) {
        for (int at = 0; at < BYTES; at++) {
          sum += segment.get(ValueLayout.JAVA_BYTE, at);
        }
      }
    }
    return sum;
  }

  /** Tells the parent to attach, and waits for it. Prints why, if the agent refuses. */
  private static boolean awaitAgent() throws InterruptedException {
    System.out.println("ready");
    while (true) {
      try {
        HostPlatforms.installed();
        return true;
      } catch (GmemUnavailableException e) {
        if (!e.getMessage().contains("is not attached")) {
          System.out.println(e.getMessage());
          Thread.sleep(1000); // the attach mechanism wants to answer
          return false;
        }
        Thread.sleep(10);
      }
    }
  }

  private static int readFromDevice() {
    try (Twin twin = new Twin(BYTES, BYTES)) {
      MemorySegment segment = twin.segment();
      segment.set(ValueLayout.JAVA_INT, 8, 42);
      twin.toDevice();
      int value = segment.get(ValueLayout.JAVA_INT, 8);
      if (twin.faults() != 1) {
        throw new AssertionError("faults=" + twin.faults());
      }
      return value;
    }
  }
}
