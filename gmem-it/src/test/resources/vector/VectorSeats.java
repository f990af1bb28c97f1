import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.gmem.core.host.GateLevel;
import dev.gmem.core.host.GatedRegion;
import dev.gmem.core.host.HostFaults;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.host.HostPlatforms;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Virtual threads load vectors that fault between two lanes, and go on with another carrier; others
 * make accesses that take long. Prints how often memory could be taken from the CPU under such a
 * long access, and whether any vector faulted. For the interpreter, which goes lane by lane below
 * the seat that the vector has taken. Argument: how many milliseconds.
 */
public class VectorSeats {
  private static final VectorSpecies<Integer> SPECIES = IntVector.SPECIES_PREFERRED;
  private static final int BYTES = 4096;
  private static final long LONG_NANOS = 200_000;

  private final HostPlatform platform = HostPlatforms.installed();
  private final Vectors vectors = new Vectors();
  private final Longs longs = new Longs();
  private volatile boolean stop;

  public static void main(String[] args) throws InterruptedException {
    new VectorSeats().run(Long.parseLong(args[0]));
  }

  private void run(long millis) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      threads.add(Thread.ofVirtual().start(this::loadVectors));
      threads.add(Thread.ofVirtual().start(this::readLong));
    }
    long early = 0;
    long end = System.nanoTime() + millis * 1_000_000;
    while (System.nanoTime() < end) {
      vectors.away = true;
      vectors.region.tighten(GateLevel.ALL);
      vectors.region.quiesce();
      longs.region.tighten(GateLevel.ALL);
      long underWay = longs.underWay.get();
      longs.region.quiesce();
      if (underWay != 0 && longs.underWay.get() == underWay) {
        early++;
      }
    }
    stop = true;
    for (Thread thread : threads) {
      thread.join();
    }
    System.out.println("early=" + early + " faulted=" + (vectors.faults.get() > 0));
  }

  private void loadVectors() {
    MemorySegment segment = vectors.region.segment();
    while (!stop) {
      IntVector.fromMemorySegment(SPECIES, segment, 0, ByteOrder.nativeOrder());
      LockSupport.parkNanos(1000);
    }
  }

  private void readLong() {
    MemorySegment segment = longs.region.segment();
    while (!stop) {
      segment.get(JAVA_INT, 0);
      LockSupport.parkNanos(1000);
    }
  }

  private GatedRegion gate(HostFaults faults) {
    long address = platform.reserve(BYTES, BYTES);
    platform.commit(address, BYTES);
    return platform.gate(address, BYTES, faults);
  }

  /** Memory that goes away, and comes home while the thread that wants it is off its carrier. */
  private final class Vectors implements HostFaults {
    final GatedRegion region = gate(this);
    final AtomicLong faults = new AtomicLong();
    volatile boolean away;

    @Override
    public boolean admits(long address, long bytes, boolean write) {
      return !away;
    }

    @Override
    public long granuleBytes() {
      return BYTES;
    }

    @Override
    public void fault(long address, long bytes, boolean write) {
      faults.incrementAndGet();
      LockSupport.parkNanos(1000);
      away = false;
    }

    @Override
    public void pin() {
      throw new AssertionError("nobody pins it");
    }
  }

  /** Memory that is always there. One access to it at a time takes long. */
  private final class Longs implements HostFaults {
    final GatedRegion region = gate(this);

    /** The number of the long access that is under way, or 0. */
    final AtomicLong underWay = new AtomicLong();

    private final AtomicLong accesses = new AtomicLong();

    @Override
    public boolean admits(long address, long bytes, boolean write) {
      if (underWay.compareAndSet(0, accesses.incrementAndGet())) {
        long end = System.nanoTime() + LONG_NANOS;
        while (System.nanoTime() < end) {
          Thread.onSpinWait();
        }
        underWay.set(0);
      }
      return true;
    }

    @Override
    public long granuleBytes() {
      return BYTES;
    }

    @Override
    public void fault(long address, long bytes, boolean write) {}

    @Override
    public void pin() {
      throw new AssertionError("nobody pins it");
    }
  }
}
