package dev.gmem.core.testing;

import dev.gmem.core.host.GateLevel;
import dev.gmem.core.host.GatedRegion;
import dev.gmem.core.host.HostFaults;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.testing.FakeHost.Flaw;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** A gate over memory of a {@link FakeHost}. */
public final class FakeRegion implements GatedRegion {
  private final FakeHost host;
  private final Schedule schedule;
  private final HostFaults faults;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment segment;
  private final int gate;
  private final int flight;

  /** The VMA's table, which changes under its monitor. */
  private final int table;

  // Under this object's lock.
  private final Map<Thread, Boolean> underWay = new HashMap<>();

  /** Whose last look found the gate open: they need no other, until they must look. */
  private final Set<Thread> trusting = new HashSet<>();

  private GateLevel level = GateLevel.OPEN;
  private int pins;
  private boolean closed;

  FakeRegion(FakeHost host, int number, long address, long bytes, HostFaults faults) {
    this.host = host;
    this.schedule = host.schedule();
    this.faults = faults;
    this.segment = MemorySegment.ofAddress(address).reinterpret(bytes, arena, null);
    this.gate = schedule.object("gate " + address);
    this.flight = schedule.object("flight " + address);
    this.table = schedule.object(LockRank.VMA + "-" + number);
  }

  @Override
  public MemorySegment segment() {
    return segment;
  }

  /** How tight it is. */
  public synchronized GateLevel level() {
    return level;
  }

  @Override
  public synchronized int pins() {
    return pins;
  }

  /** Whether it is closed. */
  public synchronized boolean isClosed() {
    return closed;
  }

  // ---- for the engine ----

  @Override
  public synchronized int tighten(GateLevel wanted) {
    if (level == GateLevel.OPEN && pins > 0) {
      schedule.reads(gate);
      return pins;
    }
    if (wanted != GateLevel.OPEN && !trusting.isEmpty() && host.flaw() != Flaw.TRUST) {
      schedule.writes(gate);
      trusting.clear();
    }
    if (wanted.compareTo(level) > 0 && host.flaw() != Flaw.NO_GATE) {
      schedule.writes(gate);
      level = wanted;
    }
    return 0;
  }

  @Override
  public synchronized int tightenLazily(GateLevel wanted) {
    if (level == GateLevel.OPEN && pins > 0) {
      schedule.reads(gate);
      return pins;
    }
    if (wanted.compareTo(level) > 0 && host.flaw() != Flaw.NO_GATE) {
      schedule.writes(gate);
      trusting.remove(Thread.currentThread());
      level = wanted;
    }
    return 0;
  }

  @Override
  public synchronized void forgetAnswers() {
    if (host.flaw() != Flaw.STALE_TLB) {
      host.tlb().forget();
    }
  }

  @Override
  public synchronized void loosen(GateLevel wanted) {
    if (host.flaw() == Flaw.NO_GATE) {
      return;
    }
    if (wanted.compareTo(level) > 0) {
      throw new AssertionError("loosen from " + level + " to " + wanted);
    }
    schedule.writes(gate);
    level = wanted;
  }

  @Override
  public synchronized void openPinned() {
    schedule.writes(gate);
    schedule.pins(1);
    level = GateLevel.OPEN;
    pins++;
  }

  @Override
  public void quiesce() {
    if (!schedule.noneHeld()) {
      throw new AssertionError("a handshake under a monitor");
    }
    schedule.point("handshake");
    host.countHandshake();
    if (host.flaw() != Flaw.NO_HANDSHAKE) {
      synchronized (this) {
        schedule.writes(flight);
        underWay.replaceAll((thread, retry) -> true);
        if (host.flaw() != Flaw.STALE_TLB) {
          host.tlb().forget();
        }
      }
    }
  }

  @Override
  public void close() {
    if (!schedule.noneHeld()) {
      throw new AssertionError("closed under a monitor");
    }
    schedule.point("close the region");
    synchronized (this) {
      if (closed || pins > 0 || level != GateLevel.ALL && host.flaw() != Flaw.NO_GATE) {
        throw new AssertionError("closed=" + closed + " pins=" + pins + " level=" + level);
      }
      schedule.writes(gate);
      schedule.writes(flight);
      closed = true;
      underWay.replaceAll((thread, retry) -> true);
      host.tlb().forget();
    }
    arena.close();
  }

  // ---- for the CPU ----

  void access(long address, int bytes, boolean write, Runnable operation) {
    access(address, bytes, write, () -> {}, operation);
  }

  /** Overwrites a range, whatever it holds, as {@code MemorySegment.fill} does. */
  void overwrite(long address, int bytes, Runnable operation) {
    access(address, bytes, true, () -> faults.overwrites(address, bytes), operation);
  }

  private void access(
      long address, int bytes, boolean write, Runnable beforeFault, Runnable operation) {
    for (int faulted = 0; ; ) {
      schedule.point((write ? "write " : "read ") + Long.toHexString(address));
      boolean passes = begin(write) || host.tlb().remembers(address, bytes, write);
      if (!passes) {
        schedule.point("admits?");
        passes = faults.admits(address, bytes, write);
        schedule.reads(table);
        if (passes) {
          host.tlb().remember(address, faults.granuleBytes(), write);
        }
      }
      if (!passes) {
        end();
        if (faulted++ == schedule.faultsMax()) {
          throw new Schedule.GivenUp();
        }
        beforeFault.run();
        faults.fault(address, bytes, write);
        continue;
      }
      schedule.point(write ? "store" : "load");
      synchronized (this) {
        schedule.reads(flight);
        boolean retry = underWay.remove(Thread.currentThread());
        if (!retry) {
          operation.run();
          return;
        }
      }
      host.countRetry();
    }
  }

  private synchronized boolean begin(boolean write) {
    schedule.reads(gate);
    schedule.reads(flight);
    if (closed) {
      throw new IllegalStateException("Already closed");
    }
    underWay.put(Thread.currentThread(), false);
    if (level == GateLevel.OPEN) {
      trusting.add(Thread.currentThread());
    }
    return trusting.contains(Thread.currentThread()) || level == GateLevel.WRITES && !write;
  }

  private synchronized void end() {
    underWay.remove(Thread.currentThread());
  }

  void pin() {
    while (true) {
      schedule.point("pin");
      synchronized (this) {
        schedule.writes(gate);
        if (closed) {
          throw new IllegalStateException("Already closed");
        }
        if (level == GateLevel.OPEN) {
          schedule.pins(1);
          pins++;
          return;
        }
      }
      faults.pin();
      synchronized (this) {
        schedule.reads(gate);
        if (!closed) {
          return;
        }
      }
    }
  }

  void unpin() {
    schedule.point("unpin");
    synchronized (this) {
      schedule.writes(gate);
      schedule.pins(-1);
      pins--;
    }
  }
}
