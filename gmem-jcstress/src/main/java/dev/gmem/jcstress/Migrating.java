package dev.gmem.jcstress;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Unified memory that a thread of its own keeps taking to a device, and pairs of words in it for
 * tests to use. One per JVM, as jcstress makes states by the million.
 */
final class Migrating {
  /** Access to a word by its index. */
  static final VarHandle WORD = JAVA_LONG.arrayElementVarHandle();

  private static final int GRANULE_BYTES = 4096;
  private static final int GRANULES = 64;
  private static final long PAIRS = (long) GRANULES * GRANULE_BYTES / (2 * Long.BYTES);
  private static final AtomicLong NEXT = new AtomicLong();

  /** The memory. */
  static final MemorySegment WORDS = start();

  private Migrating() {}

  /** Returns the index of two adjacent words that are zero and that nobody else uses. */
  static long pair() {
    long index = NEXT.getAndIncrement() % PAIRS * 2;
    WORD.setVolatile(WORDS, 0L, index, 0L);
    WORD.setVolatile(WORDS, 0L, index + 1, 0L);
    return index;
  }

  private static MemorySegment start() {
    AddressSpace space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
    MemorySegment words = space.arena().allocate(GRANULES * GRANULE_BYTES, GRANULE_BYTES);
    Device device = space.attach(Sim.builder("sim0").workers(1).build());
    Kernel touch = device.load(touch()).kernel("touch");
    Thread.ofPlatform()
        .daemon()
        .name("migrator")
        .start(
            () -> {
              while (true) {
                touch.launch(NdRange.of(GRANULES), words).join();
              }
            });
    return words;
  }

  /** Takes each granule for the device alone: adding nothing is a write. */
  private static KernelSource touch() {
    return KernelSource.java(
        "touch",
        (item, memory, arguments) ->
            memory.getAndAddLong(arguments.address(0) + GRANULE_BYTES * item.globalId(0), 0),
        Parameter.READ_WRITE);
  }
}
