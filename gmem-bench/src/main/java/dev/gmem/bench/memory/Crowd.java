package dev.gmem.bench.memory;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.DeviceStatistics;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.Transfer;
import dev.gmem.sim.Sim;
import dev.gmem.sim.SimLink;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Memory of a size, twice, a simulated device that may have less, and one that has three buffers
 * which the program fills by itself. Both have a link like the other's, so slow that the machine's
 * own copies hide behind it.
 */
final class Crowd implements AutoCloseable {
  static final long MEMORY_BYTES = 16L << 20;

  private static final long LINE_BYTES = 64;
  private static final long BUFFER_BYTES = 1L << 20;
  private static final int BUFFERS = 3;
  private static final long LATENCY_NANOS = 10_000;
  private static final double BYTES_PER_SECOND = 1e9;

  private final AddressSpace space = Gmem.open();
  private final Arena arena = space.arena();
  private final Device device;
  private final MemorySegment memory;
  private final MemorySegment plain;
  private final Kernel add;
  private final Kernel addAtRandom;
  private final MemorySegment[] buffers = new MemorySegment[BUFFERS];
  private final Kernel addByHand;

  Crowd(long bytes) {
    device = attach("crowded", MEMORY_BYTES);
    Device byHand = attach("by-hand", BUFFERS * BUFFER_BYTES);
    memory = arena.allocate(bytes);
    plain = arena.allocate(bytes);
    memory.fill((byte) 0);
    plain.fill((byte) 0);
    add = device.load(add()).kernel("add");
    addAtRandom = device.load(addAtRandom()).kernel("addAtRandom");
    addByHand = byHand.load(add()).kernel("add");
    for (int i = 0; i < BUFFERS; i++) {
      buffers[i] = arena.allocate(BUFFER_BYTES);
      space.prefetch(buffers[i], byHand).join();
      addByHand.launch(NdRange.of(lines(buffers[i])), buffers[i]).join(); // owned from now on
    }
  }

  private Device attach(String id, long bytes) {
    return space.attach(
        Sim.builder(id)
            .memoryBytes(bytes)
            .workers(1)
            .link(SimLink.of(LATENCY_NANOS, BYTES_PER_SECOND, BYTES_PER_SECOND))
            .build());
  }

  private static KernelSource add() {
    return KernelSource.java(
        "add",
        (item, memory, arguments) ->
            memory.getAndAddLong(arguments.address(0) + item.globalId(0) * LINE_BYTES, 1),
        Parameter.READ_WRITE);
  }

  private static KernelSource addAtRandom() {
    return KernelSource.java(
        "addAtRandom",
        (item, memory, arguments) -> {
          long random = (item.globalId(0) + 1) * arguments.getLong(1);
          random = (random ^ random >>> 29) * 0xBF58_476D_1CE4_E5B9L;
          long line = Long.remainderUnsigned(random ^ random >>> 32, arguments.getLong(2));
          memory.getAndAddLong(arguments.address(0) + line * LINE_BYTES, 1);
        },
        Parameter.READ_WRITE,
        Parameter.SCALAR,
        Parameter.SCALAR);
  }

  long lines() {
    return lines(memory);
  }

  private static long lines(MemorySegment segment) {
    return segment.byteSize() / LINE_BYTES;
  }

  /** Adds one to each line; brings all of it home if asked to. */
  void stream(boolean home) {
    add.launch(NdRange.of(lines()), memory).join();
    if (home) {
      space.prefetchToHost(memory).join();
    }
  }

  /** The same by hand: while the kernel works on one buffer, the next one is filled. */
  void streamByHand() {
    Transfer[] emptied = new Transfer[BUFFERS];
    int turn = 0;
    for (long at = 0; at < plain.byteSize(); at += BUFFER_BYTES) {
      int slot = turn++ % BUFFERS;
      if (emptied[slot] != null) {
        emptied[slot].join();
      }
      MemorySegment part = plain.asSlice(at, Math.min(BUFFER_BYTES, plain.byteSize() - at));
      MemorySegment buffer = buffers[slot].asSlice(0, part.byteSize());
      space.copyAsync(buffer, part);
      addByHand.launch(NdRange.of(lines(part)), buffer);
      emptied[slot] = space.copyAsync(part, buffer);
    }
    for (Transfer last : emptied) {
      if (last != null) {
        last.join();
      }
    }
  }

  /** Adds one to random lines. */
  void random(int accesses, int seed) {
    long factor = 2 * (seed * 0x9E37_79B9_7F4A_7C15L) + 1;
    addAtRandom.launch(NdRange.of(accesses), memory, factor, lines()).join();
  }

  /** What has happened on the crowded device. */
  DeviceStatistics statistics() {
    return space.statistics().devices().get(device.id());
  }

  /** How long the bytes that have moved so far took on the link: its directions are independent. */
  double linkMillis() {
    DeviceStatistics moved = statistics();
    return Math.max(moved.bytesIn(), moved.bytesOut()) / BYTES_PER_SECOND * 1e3;
  }

  /** All that has been added; brings everything home. */
  long total() {
    long sum = 0;
    for (MemorySegment each : new MemorySegment[] {memory, plain}) {
      for (long at = 0; at < each.byteSize(); at += LINE_BYTES) {
        sum += each.get(ValueLayout.JAVA_LONG, at);
      }
    }
    return sum;
  }

  @Override
  public void close() {
    arena.close();
    space.close();
  }
}
