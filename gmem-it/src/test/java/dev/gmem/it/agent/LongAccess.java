package dev.gmem.it.agent;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A thread is in the middle of a long access when memory is taken from the CPU for the first time.
 * Prints whether it still was when that returned. The memory of the access is not unified: what
 * must be waited for is whoever may have looked at a gate, whichever it was.
 *
 * <p>For the interpreter: only there an access can be stopped in the middle, at a loop of the
 * JDK's.
 */
final class LongAccess {
  private static final long BYTES = 64 << 20;

  private LongAccess() {}

  public static void main(String[] args) throws InterruptedException {
    Thread.Builder threads = args[0].equals("virtual") ? Thread.ofVirtual() : Thread.ofPlatform();
    try (Twin twin = new Twin(4096, 4096);
        Arena arena = Arena.ofShared()) {
      MemorySegment a = arena.allocate(BYTES);
      MemorySegment b = arena.allocate(BYTES);
      Thread thread = threads.start(() -> a.mismatch(b));
      while (!isInside(thread)) {
        Thread.onSpinWait();
      }
      twin.toDevice();
      System.out.println("inside=" + isInside(thread));
      thread.join();
    }
  }

  private static boolean isInside(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(frame -> frame.getMethodName().equals("vectorizedMismatchInternal"));
  }
}
