package dev.gmem.it.agent;

import dev.gmem.core.host.GateLevel;
import dev.gmem.core.host.GatedRegion;
import dev.gmem.core.host.HostFaults;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.host.HostPlatforms;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;

/**
 * A thread whose stores wait long in its processor, behind others that miss every cache, writes a
 * value to memory that is taken away from under it. Its seat then looks free when it is not, unless
 * whoever takes memory away makes that processor write out what it has. Prints whether a write came
 * too late, and ends with the first.
 */
final class StalledStores implements HostFaults {
  private static final int BYTES = 4096;
  private static final int REVOCATIONS = 100_000;
  private static final int POLLS = 300;
  private static final int POISON = -1;
  private static final long[] MISSES = new long[1 << 25]; // 256 MiB: no cache holds it

  private final GatedRegion region;
  private final MemorySegment host;
  private volatile boolean home = true;
  private volatile boolean stop;

  private StalledStores(HostPlatform platform) {
    long address = platform.reserve(BYTES, BYTES);
    platform.commit(address, BYTES);
    host = platform.raw(address, BYTES);
    region = platform.gate(address, BYTES, this);
  }

  public static void main(String[] args) throws InterruptedException {
    System.out.println("late=" + new StalledStores(HostPlatforms.installed()).run());
  }

  private int run() throws InterruptedException {
    Thread writer = Thread.ofPlatform().start(this::write);
    LockSupport.parkNanos(500_000_000); // until its loop has been compiled
    int late = 0;
    for (int i = 0; i < REVOCATIONS && late == 0; i++) {
      home = false;
      region.tighten(GateLevel.ALL);
      region.quiesce();
      host.set(ValueLayout.JAVA_INT, 0, POISON);
      for (int poll = 0; poll < POLLS; poll++) {
        if (host.get(ValueLayout.JAVA_INT, 0) != POISON) {
          late = 1;
          break;
        }
      }
      region.loosen(GateLevel.OPEN);
      home = true;
      for (int spin = 0; spin < POLLS; spin++) {
        Thread.onSpinWait();
      }
    }
    stop = true;
    writer.join();
    return late;
  }

  private void write() {
    MemorySegment segment = region.segment();
    long random = 1;
    for (int value = 0; !stop; value = value + 1 & Integer.MAX_VALUE) {
      for (int i = 0; i < 40; i++) {
        random = random * 6364136223846793005L + 1442695040888963407L;
        MISSES[(int) (random >>> 39)] = random;
      }
      segment.set(ValueLayout.JAVA_INT, 0, value);
    }
  }

  @Override
  public boolean admits(long address, long bytes, boolean write) {
    return home;
  }

  @Override
  public long granuleBytes() {
    return BYTES;
  }

  @Override
  public void fault(long address, long bytes, boolean write) {
    while (!home) {
      Thread.onSpinWait();
    }
  }

  @Override
  public void pin() {
    throw new AssertionError("nobody pins it");
  }
}
