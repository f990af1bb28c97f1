package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.gmem.AddressSpace;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * CPU threads add to words of their own while a device adds to others in the same granules. Every
 * word must end at the number of its additions: a lost or doubled update, a stale read or a stale
 * write shows as a difference.
 */
final class CoherenceStress {
  private static final int GRANULE_BYTES = 4096;
  private static final int GRANULES = 4;
  private static final int WORDS_PER_GRANULE = GRANULE_BYTES / Long.BYTES;
  private static final int DEVICE_WORDS = 8;
  private static final long BOUND = 1L << 40;

  private static final VarHandle WORD = JAVA_LONG.arrayElementVarHandle();

  static Object garbage;

  private final int onFrames;
  private final long pauseNanos;
  private volatile boolean stop;

  /** Makes one with one device. */
  CoherenceStress() {
    this(0, 0);
  }

  /**
   * Makes one with a second device, which uses the host's frames as the CPU does.
   *
   * @param onFrames how often it is launched between two launches of the first; 0 for none
   * @param pauseMillis how long nothing happens before that: accesses may become trusting again
   */
  CoherenceStress(int onFrames, long pauseMillis) {
    this.onFrames = onFrames;
    this.pauseNanos = TimeUnit.MILLISECONDS.toNanos(pauseMillis);
  }

  /** How a CPU thread adds one to a word. Returns the value it saw before. */
  enum Flavour {
    PLAIN {
      @Override
      long add(MemorySegment segment, long word, MemorySegment scratch) {
        long value = segment.getAtIndex(JAVA_LONG, word);
        segment.setAtIndex(JAVA_LONG, word, value + 1);
        return value;
      }
    },
    VOLATILE {
      @Override
      long add(MemorySegment segment, long word, MemorySegment scratch) {
        long value = (long) WORD.getVolatile(segment, 0L, word);
        WORD.setVolatile(segment, 0L, word, value + 1);
        return value;
      }
    },
    RELEASE {
      @Override
      long add(MemorySegment segment, long word, MemorySegment scratch) {
        long value = (long) WORD.getAcquire(segment, 0L, word);
        WORD.setRelease(segment, 0L, word, value + 1);
        return value;
      }
    },
    READ_MODIFY_WRITE {
      @Override
      long add(MemorySegment segment, long word, MemorySegment scratch) {
        return (long) WORD.getAndAdd(segment, 0L, word, 1L);
      }
    },
    ALLOCATING {
      @Override
      long add(MemorySegment segment, long word, MemorySegment scratch) {
        garbage = new byte[1000];
        return PLAIN.add(segment, word, scratch);
      }

      @Override
      int burst() {
        return 20_000;
      }
    },
    BULK {
      @Override
      long add(MemorySegment segment, long word, MemorySegment scratch) {
        MemorySegment.copy(segment, JAVA_BYTE, word * 8, scratch, JAVA_BYTE, 0, 8);
        long value = scratch.get(JAVA_LONG, 0);
        scratch.set(JAVA_LONG, 0, value + 1);
        MemorySegment.copy(scratch, JAVA_BYTE, 0, segment, JAVA_BYTE, word * 8, 8);
        return value;
      }
    };

    abstract long add(MemorySegment segment, long word, MemorySegment scratch);

    /** How many additions to one word make a loop of their own. */
    int burst() {
      return 200;
    }
  }

  /** What came of it. */
  record Result(long additions, long launches, long wrong, long absurd, long faults, long waits) {
    boolean coherent() {
      return wrong == 0 && absurd == 0;
    }
  }

  /** One thread's work: a loop that the JIT compiles, on words that only this thread writes. */
  private final class Adder implements Runnable {
    private final MemorySegment segment;
    private final Flavour flavour;
    private final int index;
    private final MemorySegment scratch = MemorySegment.ofArray(new long[1]);
    private long additions;
    private long absurd;

    Adder(MemorySegment segment, Flavour flavour, int index) {
      this.segment = segment;
      this.flavour = flavour;
      this.index = index;
    }

    long word(int granule) {
      return (long) granule * WORDS_PER_GRANULE + DEVICE_WORDS + index;
    }

    @Override
    public void run() {
      while (!stop) {
        for (int granule = 0; granule < GRANULES; granule++) {
          absurd += burst(word(granule));
        }
        additions += flavour.burst();
        if (Thread.currentThread().isInterrupted()) {
          absurd++; // nobody interrupts it: a revocation has shown through
        }
      }
    }

    private long burst(long word) {
      long strange = 0;
      int count = flavour.burst();
      for (int i = 0; i < count; i++) {
        long before = flavour.add(segment, word, scratch);
        if (before < 0 || before > BOUND) {
          strange++;
        }
      }
      return strange;
    }
  }

  Result run(long millis, List<Flavour> flavours, boolean virtual, boolean replayable) {
    SpaceOptions options = SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES);
    try (AddressSpace space = Gmem.open(options);
        Arena arena = space.arena()) {
      MemorySegment segment = arena.allocate((long) GRANULES * GRANULE_BYTES, GRANULE_BYTES);
      space.attach(Sim.builder("sim0").workers(1).replayable(replayable).build());
      Kernel kernel = space.device("sim0").load(increment()).kernel("increment");
      space.attach(new HostFramesDevice(CoherenceStress::incrementLast));
      Kernel onHost = space.device("frames").load(KernelSource.openCl("any")).kernel("body");
      List<Adder> adders = new ArrayList<>();
      List<Thread> threads = new ArrayList<>();
      ThreadFactory factory =
          virtual ? Thread.ofVirtual().factory() : Thread.ofPlatform().factory();
      for (int i = 0; i < flavours.size(); i++) {
        Adder adder = new Adder(segment, flavours.get(i), i);
        adders.add(adder);
        Thread thread = factory.newThread(adder);
        threads.add(thread);
        thread.start();
      }
      long launches = 0;
      long end = System.nanoTime() + millis * 1_000_000;
      while (System.nanoTime() < end) {
        kernel.launch(NdRange.of(GRANULES * DEVICE_WORDS), segment).join();
        launches++;
        if (pauseNanos > 0) {
          LockSupport.parkNanos(pauseNanos);
        }
        for (int i = 0; i < onFrames; i++) {
          onHost.launch(NdRange.of(1), segment, (long) GRANULES);
        }
        if (launches % 3 == 0) {
          Thread.yield();
        }
      }
      stop = true;
      threads.forEach(CoherenceStress::join);
      return judge(space, segment, adders, launches, launches * onFrames);
    }
  }

  /** Adds one to the last word of each granule. */
  private static void incrementLast(MemorySegment memory, long address, long granules) {
    for (long i = 1; i <= granules; i++) {
      long last = address + i * GRANULE_BYTES - Long.BYTES;
      memory.set(JAVA_LONG, last, memory.get(JAVA_LONG, last) + 1);
    }
  }

  private static Result judge(
      AddressSpace space,
      MemorySegment segment,
      List<Adder> adders,
      long launches,
      long launchesOnFrames) {
    long wrong = 0;
    long additions = 0;
    long absurd = 0;
    for (Adder adder : adders) {
      additions += adder.additions * GRANULES;
      absurd += adder.absurd;
      for (int granule = 0; granule < GRANULES; granule++) {
        wrong += differs(segment, adder.word(granule), adder.additions);
      }
    }
    for (int granule = 0; granule < GRANULES; granule++) {
      for (int word = 0; word < DEVICE_WORDS; word++) {
        wrong += differs(segment, (long) granule * WORDS_PER_GRANULE + word, launches);
      }
    }
    for (int granule = 1; granule <= GRANULES; granule++) {
      wrong += differs(segment, (long) granule * WORDS_PER_GRANULE - 1, launchesOnFrames);
    }
    var statistics = space.statistics();
    return new Result(
        additions, launches, wrong, absurd, statistics.total().hostFaults(), statistics.waits());
  }

  private static int differs(MemorySegment segment, long word, long expected) {
    return segment.getAtIndex(JAVA_LONG, word) == expected ? 0 : 1;
  }

  /** Each work item adds one to a word of its own: plain, as the device owns the granule. */
  private static KernelSource increment() {
    return KernelSource.java(
        "increment",
        (item, memory, arguments) -> {
          long granule = item.globalId(0) / DEVICE_WORDS;
          long word = item.globalId(0) % DEVICE_WORDS;
          long address = arguments.address(0) + granule * GRANULE_BYTES + word * Long.BYTES;
          memory.getAndAddLong(address, 1);
        },
        Parameter.READ_WRITE);
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Runs in a JVM of its own: {@code millis flavour,flavour… virtual replayable onFrames pause}.
   */
  public static void main(String[] args) {
    List<Flavour> flavours = new ArrayList<>();
    for (String name : args[1].split(",")) {
      flavours.add(Flavour.valueOf(name));
    }
    Result result =
        new CoherenceStress(Integer.parseInt(args[4]), Long.parseLong(args[5]))
            .run(
                Long.parseLong(args[0]),
                flavours,
                Boolean.parseBoolean(args[2]),
                Boolean.parseBoolean(args[3]));
    System.out.println((result.coherent() ? "COHERENT " : "LOST ") + result);
  }
}
