package dev.gmem.core.launch;

import dev.gmem.Access;
import dev.gmem.Transfer;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.FaultEngine;
import dev.gmem.core.engine.Vma;
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

  private Transfer submit(DeviceSlot slot, BufferUse use, TransferTask.Work work) {
    TransferTask task = new TransferTask(slot, List.of(use), work);
    queue.submit(task);
    return task;
  }
}
