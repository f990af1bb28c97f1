package dev.gmem.bench.space;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.PageState;
import dev.gmem.SpaceStatistics;
import dev.gmem.bench.Benchmark;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.bench.Effort;
import dev.gmem.bench.report.Figure;
import dev.gmem.bench.report.Pairs;
import dev.gmem.bench.report.Row;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.Consumer;

/**
 * What the host keeps beside the data in the worst case: no two neighbouring granules are in the
 * same place.
 */
public final class HostMemory implements Benchmark {
  private static final long BYTES = 1L << 30;
  private static final double BYTES_PER_KIB = 1 << 10;
  private static final double LIMIT_PERCENT = 0.1;

  /** Makes the benchmark. */
  public HostMemory() {}

  @Override
  public String name() {
    return "host-memory";
  }

  @Override
  public String description() {
    return "1 GiB, every other granule on a device: floor, the data; measured, what is kept beside";
  }

  @Override
  public List<Row> run(Effort effort, Consumer<String> progress) {
    Pairs table = new Pairs();
    Pairs heap = new Pairs();
    int rounds = effort.pick(1, 3, 5);
    for (int round = -1; round < rounds; round++) { // the first one loads classes
      try (AddressSpace space = Gmem.open();
          Arena arena = space.arena()) {
        Device device = space.attach(new HollowDevice());
        long before = usedHeapBytes();
        MemorySegment memory = arena.allocate(BYTES);
        scatter(space, device, memory);
        long after = usedHeapBytes();
        SpaceStatistics statistics = space.statistics();
        BenchmarkException.require("bytes allocated", BYTES, statistics.allocatedBytes());
        if (round >= 0) {
          table.add(BYTES / BYTES_PER_KIB, statistics.tableBytes() / BYTES_PER_KIB);
          heap.add(BYTES / BYTES_PER_KIB, (after - before) / BYTES_PER_KIB);
        }
      }
    }
    return List.of(
        table.row(name(), "tables, as counted", "KiB", Figure.Kind.PERCENT, LIMIT_PERCENT),
        heap.row(name(), "growth of the heap", "KiB", Figure.Kind.PERCENT, LIMIT_PERCENT));
  }

  private static void scatter(AddressSpace space, Device device, MemorySegment memory) {
    int granuleBytes = space.options().granuleBytes();
    for (long offset = 0; offset < BYTES; offset += 2L * granuleBytes) {
      space.prefetch(memory.asSlice(offset, granuleBytes), device).join();
    }
    BenchmarkException.require(
        "bytes on the device", BYTES / 2, space.residency(memory).bytes(PageState.DEVICE));
    BenchmarkException.require(
        "runs of granules", BYTES / granuleBytes, space.residency(memory).extents().size());
  }

  private static long usedHeapBytes() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 4; i++) {
      System.gc();
      least = Math.min(least, ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
    }
    return least;
  }
}
