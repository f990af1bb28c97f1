package dev.gmem.bench.loop;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.agent.GmemAgent;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.sim.Sim;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Memory in a JVM with the agent, and the faults that the loops are to come after. */
final class AgentMemory implements LoopMemory {
  private static final int ROUNDS = 64;
  private static final long FAULTED_BYTES = 1 << 20;
  private static final long HEAL_NANOS_MAX = TimeUnit.SECONDS.toNanos(30);
  private static final long POLL_NANOS = TimeUnit.MILLISECONDS.toNanos(10);

  private final Kind kind;
  private final History history;
  private final AddressSpace space = Gmem.open();
  private final Arena unified = space.arena();
  private final Arena raw = Arena.ofShared();
  private final List<MemorySegment> segments = new ArrayList<>();
  private long slowCallsBefore;

  AgentMemory(Kind kind, History history) {
    this.kind = kind;
    this.history = history;
  }

  @Override
  public MemorySegment allocate(long bytes) {
    MemorySegment segment = (kind == Kind.UNIFIED ? unified : raw).allocate(bytes, ALIGNMENT_BYTES);
    BenchmarkException.require(
        space.contains(segment) == (kind == Kind.UNIFIED), "the segment is not of this kind");
    segments.add(segment);
    return segment;
  }

  @Override
  public void makeHistory() {
    if (history == History.FAULTED || history == History.HEALED) {
      long heals = GmemAgent.counters().heals();
      takeFaults();
      BenchmarkException.require(GmemAgent.counters().faults() > 0, "no access took a fault");
      if (history == History.HEALED) {
        awaitHealing(heals);
      }
    }
    slowCallsBefore = GmemAgent.counters().slowCalls();
  }

  /**
   * Sends memory to a device and touches it, in turns: memory that nobody will measure, and what
   * will be measured, if it is unified. All loops of the JVM share one profile.
   */
  private void takeFaults() {
    Device device =
        space.attach(
            Sim.builder("bench")
                .memoryBytes(1L << 30)
                .workers(1)
                .without(GmCapability.READ_ONLY_MAPPING)
                .build());
    MemorySegment other = unified.allocate(FAULTED_BYTES, ALIGNMENT_BYTES);
    Loops.fill(other, 0);
    int before = Loops.sum(other);
    for (int i = 0; i < ROUNDS; i++) {
      space.prefetch(other, device).join();
      BenchmarkException.require("the sum after faults", before, Loops.sum(other));
      space.prefetch(other, device).join();
      Loops.fill(other, 0);
    }
    if (kind == Kind.UNIFIED) {
      for (MemorySegment segment : segments) {
        int sum = Loops.sum(segment);
        space.prefetch(segment, device).join();
        BenchmarkException.require("the sum after coming home", sum, Loops.sum(segment));
      }
    }
    space.detach(device);
  }

  private static void awaitHealing(long before) {
    long start = System.nanoTime();
    while (GmemAgent.counters().heals() == before) {
      BenchmarkException.require(
          System.nanoTime() - start < HEAL_NANOS_MAX, "the agent has not healed in time");
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  @Override
  public void verify() {
    BenchmarkException.require(
        "accesses that took the slow path while loops were measured",
        slowCallsBefore,
        GmemAgent.counters().slowCalls());
    if (history == History.CLEAN) {
      BenchmarkException.require("accesses that took the slow path before", 0, slowCallsBefore);
    }
    if (history == History.FAULTED) {
      BenchmarkException.require("healings", 0, GmemAgent.counters().heals());
    }
  }

  @Override
  public void close() {
    raw.close();
    unified.close();
    space.close();
  }
}
