package dev.gmem.core.testing;

import java.util.HashSet;
import java.util.Set;

/**
 * What the threads of the CPU remember of the answers of {@code admits}. An answer counts until the
 * next revocation, whatever the table says meanwhile.
 */
final class FakeTlb {
  private final Schedule schedule;
  private final int epoch;

  /** Under this object's lock. */
  private final Set<Entry> entries = new HashSet<>();

  FakeTlb(Schedule schedule) {
    this.schedule = schedule;
    this.epoch = schedule.object("epoch");
  }

  private record Entry(Thread thread, long granule, long granuleBytes, boolean write) {
    boolean covers(long address, int bytes, boolean asksToWrite) {
      return (write || !asksToWrite)
          && address >= granule
          && address + bytes <= granule + granuleBytes;
    }
  }

  synchronized boolean remembers(long address, int bytes, boolean write) {
    schedule.reads(epoch);
    return entries.stream()
        .anyMatch(e -> e.thread() == Thread.currentThread() && e.covers(address, bytes, write));
  }

  synchronized void remember(long address, long granuleBytes, boolean write) {
    entries.add(new Entry(Thread.currentThread(), address & -granuleBytes, granuleBytes, write));
  }

  synchronized void forget() {
    schedule.writes(epoch);
    entries.clear();
  }
}
