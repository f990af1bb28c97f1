package dev.gmem.core.space;

import dev.gmem.Advice;
import dev.gmem.Device;
import dev.gmem.Transfer;
import dev.gmem.core.engine.Advising;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.launch.Transfers;
import dev.gmem.core.table.Hints;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmCapability;
import java.util.Set;
import java.util.function.UnaryOperator;

/** Says what each kind of advice means, and refuses what a device cannot do. */
final class Advisor {
  private final Advising advising;
  private final Transfers transfers;
  private final SpaceDevices devices;

  Advisor(Advising advising, Transfers transfers, SpaceDevices devices) {
    this.advising = advising;
    this.transfers = transfers;
    this.devices = devices;
  }

  Transfer advise(Vma vma, long address, long bytes, Advice advice) {
    Target target = new Target(vma, address, bytes);
    return switch (advice) {
      case Advice.PreferDevice(Device device) -> {
        DeviceSlot slot = withMemory(device, "preferred");
        yield note(target, slot, hints -> hints.preferring(Hints.node(slot.index())));
      }
      case Advice.PreferHost() -> note(target, null, hints -> hints.preferring(Hints.HOST));
      case Advice.NoPreference() -> note(target, null, hints -> hints.preferring(Hints.NOWHERE));
      case Advice.ReadMostly(boolean mostly) ->
          note(target, null, hints -> hints.readMostly(mostly));
      case Advice.AccessedBy(Device device, boolean remotely) ->
          accessedBy(target, device, remotely);
      case Advice.PinToDevice(Device device) ->
          transfers.pin(withMemory(device, "pinned"), vma, address, bytes);
      case Advice.PinToHost() -> transfers.pin(null, vma, address, bytes);
      case Advice.Unpin() -> note(target, null, hints -> hints.pinnedTo(Hints.NOWHERE));
      case Advice.DontNeed() -> {
        Files.checkAnonymous(vma, "don't-need");
        yield transfers.drop(vma, address, bytes);
      }
      case Advice.WillNeed() -> transfers.fetch(vma, address, bytes);
    };
  }

  private record Target(Vma vma, long address, long bytes) {}

  private Transfer note(Target target, DeviceSlot slot, UnaryOperator<Hints> change) {
    Vma vma = target.vma();
    long first = vma.granuleOf(target.address());
    advising.advise(vma, first, vma.granuleEnd(target.address(), target.bytes()), slot, change);
    return transfers.done();
  }

  private DeviceSlot withMemory(Device device, String what) {
    DeviceSlot slot = devices.slotOf(device);
    if (slot.mode() == GmAttachMode.SHARE) {
      throw new UnsupportedOperationException(
          "a device that works on the host's memory has none of its own where anything could be "
              + what
              + "; name the host instead: device="
              + device.id());
    }
    return slot;
  }

  private Transfer accessedBy(Target target, Device device, boolean remotely) {
    DeviceSlot slot = devices.slotOf(device);
    Set<GmCapability> can = device.capabilities();
    boolean reaches =
        slot.mode() == GmAttachMode.SHARE
            || can.contains(GmCapability.HOST_ADDRESSES)
                && !can.contains(GmCapability.SHARED_ADDRESSES);
    if (!reaches) {
      throw new UnsupportedOperationException(
          "kernels of the device do not reach the host's memory, so what they use has to move;"
              + " prefer the device, or advise that the memory is read mostly: device="
              + device.id()
              + " capabilities="
              + can
              + " needed="
              + GmCapability.HOST_COHERENT
              + " or "
              + GmCapability.HOST_ADDRESSES);
    }
    return note(target, slot, hints -> hints.accessedBy(slot.index(), remotely));
  }
}
