package dev.gmem.core.launch;

import dev.gmem.Access;
import dev.gmem.Transfer;
import dev.gmem.core.engine.Advising;
import dev.gmem.core.engine.Copier;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.FaultEngine;
import dev.gmem.core.engine.Remapper.Range;
import dev.gmem.core.engine.Vma;
import dev.gmem.spi.GmRange;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** What programs move by themselves, in the order of launches. */
public final class Transfers {
  private final FaultEngine engine;
  private final LaunchQueue queue;

  /**
   * Makes one.
   *
   * @param engine moves the data
   * @param queue knows who comes first
   */
  public Transfers(FaultEngine engine, LaunchQueue queue) {
    this.engine = engine;
    this.queue = queue;
  }

  /**
   * Begins to bring a range to a device.
   *
   * @param slot the device
   * @param vma where the range is
   * @param address its first byte
   * @param bytes its length, positive
   * @return the transfer
   * @throws IllegalStateException if the device is being detached
   */
  public Transfer prefetch(DeviceSlot slot, Vma vma, long address, long bytes) {
    BufferUse use = new BufferUse(vma, address, bytes, Access.READ);
    return submit(slot, use, number -> engine.prefetch(slot, vma, use.first(), use.end(), false));
  }

  /**
   * Begins to bring a range to the host.
   *
   * @param vma where the range is
   * @param address its first byte
   * @param bytes its length, positive
   * @return the transfer
   */
  public Transfer prefetchToHost(Vma vma, long address, long bytes) {
    BufferUse use = new BufferUse(vma, address, bytes, Access.READ);
    return submit(null, use, number -> engine.prefetchToHost(vma, use.first(), use.end()));
  }

  /**
   * Begins to bring a range to a node, and to keep it there.
   *
   * @param slot the device, or null for the host
   * @param vma where the range is
   * @param address its first byte
   * @param bytes its length, positive
   * @return the transfer
   * @throws IllegalStateException if the device is being detached
   */
  public Transfer pin(DeviceSlot slot, Vma vma, long address, long bytes) {
    BufferUse use = new BufferUse(vma, address, bytes, Access.READ);
    return submit(slot, use, number -> engine.advising().pin(slot, vma, use.first(), use.end()));
  }

  /**
   * Begins to drop the contents of all granules that lie wholly in a range.
   *
   * @param vma where the range is
   * @param address its first byte
   * @param bytes its length, positive
   * @return the transfer
   */
  public Transfer drop(Vma vma, long address, long bytes) {
    BufferUse outer = new BufferUse(vma, address, bytes, Access.OVERWRITE);
    long first = outer.innerFirst();
    long end = outer.innerEnd();
    if (first >= end) {
      return done();
    }
    GmRange inner = vma.run(first, end);
    BufferUse use = new BufferUse(vma, inner.address(), inner.bytes(), Access.OVERWRITE);
    return submit(null, use, number -> engine.advising().drop(vma, first, end));
  }

  /**
   * Begins to bring each part of a range to the node where it is preferred.
   *
   * @param vma where the range is
   * @param address its first byte
   * @param bytes its length, positive
   * @return the transfer
   */
  public Transfer fetch(Vma vma, long address, long bytes) {
    List<Transfer> parts = new ArrayList<>();
    for (Advising.Preference part :
        engine
            .advising()
            .preferences(vma, vma.granuleOf(address), vma.granuleEnd(address, bytes))) {
      GmRange run = vma.run(part.first(), part.end());
      parts.add(
          part.slot() == null
              ? prefetchToHost(vma, run.address(), run.bytes())
              : prefetch(part.slot(), vma, run.address(), run.bytes()));
    }
    return parts.size() == 1 ? parts.getFirst() : new JoinedTransfer(parts);
  }

  /**
   * Copies.
   *
   * @param to where to
   * @param from where from, of the same length; at least one of them is unified
   * @param here true to do it on this thread: the transfer has ended on return
   * @return the transfer
   */
  public Transfer copy(Copier.Side to, Copier.Side from, boolean here) {
    List<BufferUse> uses = new ArrayList<>();
    add(uses, to, Access.WRITE);
    add(uses, from, Access.READ);
    TransferTask task = new TransferTask(null, uses, number -> engine.copier().copy(to, from));
    if (here) {
      queue.perform(task);
    } else {
      queue.submit(task);
    }
    return task;
  }

  private static void add(List<BufferUse> uses, Copier.Side side, Access access) {
    if (side.vma() != null) {
      MemorySegment segment = side.segment();
      uses.add(new BufferUse(side.vma(), segment.address(), segment.byteSize(), access));
    }
  }

  /**
   * Gives a range back, on this thread.
   *
   * @param range what to give back
   * @return the transfer, ended
   */
  public Transfer unmap(Range range) {
    return perform(List.of(use(range, Access.OVERWRITE)), number -> engine.remapper().unmap(range));
  }

  /**
   * Moves contents from one range to another, on this thread.
   *
   * @param target where to
   * @param source where from, as long
   * @return the transfer, ended
   */
  public Transfer remap(Range target, Range source) {
    return perform(
        List.of(use(target, Access.OVERWRITE), use(source, Access.WRITE)),
        number -> engine.remapper().move(target, source));
  }

  /**
   * Writes a range to its file, on this thread.
   *
   * @param vma mapped from a file that gets back what is written
   * @param address first byte of the range
   * @param bytes its length, positive
   * @return the transfer, ended
   */
  public Transfer flush(Vma vma, long address, long bytes) {
    BufferUse use = new BufferUse(vma, address, bytes, Access.READ);
    return perform(List.of(use), number -> engine.flush(vma, use.first(), use.end()));
  }

  private static BufferUse use(Range range, Access access) {
    GmRange addresses = range.vma().run(range.first(), range.end());
    return new BufferUse(range.vma(), addresses.address(), addresses.bytes(), access);
  }

  private Transfer perform(List<BufferUse> uses, TransferTask.Work work) {
    TransferTask task = new TransferTask(null, uses, work);
    queue.perform(task);
    return task;
  }

  /**
   * Returns a transfer that has nothing to do.
   *
   * @return one that has ended
   */
  public Transfer done() {
    return new JoinedTransfer(List.of());
  }

  private Transfer submit(DeviceSlot slot, BufferUse use, TransferTask.Work work) {
    TransferTask task = new TransferTask(slot, List.of(use), work);
    queue.submit(task);
    return task;
  }
}
