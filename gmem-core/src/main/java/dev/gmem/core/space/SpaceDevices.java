package dev.gmem.core.space;

import dev.gmem.Device;
import dev.gmem.DeviceStatistics;
import dev.gmem.Gmem;
import dev.gmem.SpaceOptions;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.DeviceTable;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.launch.Programs;
import dev.gmem.core.sync.LockRank;
import dev.gmem.core.sync.Monitor;
import dev.gmem.core.table.GranuleEntry;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDiscovery;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The devices of a space: found, attached, detached.
 *
 * <p>Attaching and detaching come one at a time, because every allocation must be announced to
 * every device exactly once; allocations may go on meanwhile.
 */
final class SpaceDevices {
  private final Space space;
  private final DeviceTable table;
  private final Monitor monitor;
  private final Monitor.Factory monitors;
  private final List<AttachedDevice> attached = new ArrayList<>();
  private final Map<String, DeviceStatistics> past = new LinkedHashMap<>();
  private boolean changing;

  SpaceDevices(Space space, DeviceTable table, Monitor.Factory monitors) {
    this.space = space;
    this.table = table;
    this.monitors = monitors;
    this.monitor = monitors.create(LockRank.SPACE);
  }

  List<AttachedDevice> list() {
    monitor.lock();
    try {
      return List.copyOf(attached);
    } finally {
      monitor.unlock();
    }
  }

  AttachedDevice first() {
    List<AttachedDevice> now = list();
    if (!now.isEmpty()) {
      return now.getFirst();
    }
    List<GmDiscovery> answers = Gmem.discover();
    for (GmDiscovery answer : answers) {
      if (answer instanceof GmDiscovery.Available(String provider, List<GmDevice> devices)) {
        return attachFirst(devices, devices.getFirst().id());
      }
    }
    throw new IllegalArgumentException(
        "no provider offers a device; put a device module on the class path: " + describe(answers));
  }

  AttachedDevice byId(String id) {
    Optional<AttachedDevice> known = find(id);
    if (known.isPresent()) {
      return known.get();
    }
    List<GmDiscovery> answers = Gmem.discover();
    for (GmDiscovery answer : answers) {
      if (answer instanceof GmDiscovery.Available(String provider, List<GmDevice> devices)) {
        String wanted = provider.equals(id) ? devices.getFirst().id() : id;
        Optional<AttachedDevice> already = find(wanted);
        if (already.isPresent()) {
          return already.get();
        }
        if (devices.stream().anyMatch(d -> d.id().equals(wanted))) {
          return attachFirst(devices, wanted);
        }
      }
    }
    throw new IllegalArgumentException(
        "no such device: id=" + id + "; there are: " + describe(answers));
  }

  private Optional<AttachedDevice> find(String id) {
    return list().stream().filter(d -> d.id().equals(id)).findFirst();
  }

  /** Attaches one of the devices that a provider made for us; closes the others. */
  private AttachedDevice attachFirst(List<GmDevice> devices, String id) {
    GmDevice chosen = null;
    for (GmDevice device : devices) {
      if (device.id().equals(id)) {
        chosen = device;
      } else {
        device.close();
      }
    }
    AttachedDevice result = null;
    try {
      result = attach(chosen, true);
      return result;
    } finally {
      if (result == null) {
        chosen.close();
      }
    }
  }

  private void beginChange() {
    monitor.lock();
    try {
      while (changing) {
        monitor.await();
      }
      changing = true;
    } finally {
      monitor.unlock();
    }
  }

  private void endChange() {
    monitor.lock();
    changing = false;
    monitor.signalAll();
    monitor.unlock();
  }

  private String describe(List<GmDiscovery> answers) {
    List<String> parts = new ArrayList<>();
    list().forEach(d -> parts.add(d.id() + " (attached)"));
    for (GmDiscovery answer : answers) {
      switch (answer) {
        case GmDiscovery.Available(String provider, List<GmDevice> devices) ->
            devices.forEach(d -> parts.add(d.id()));
        case GmDiscovery.Unavailable(String provider, String reason, Throwable cause) ->
            parts.add(provider + " (unavailable: " + reason + ")");
      }
    }
    return parts.isEmpty() ? "none" : String.join(", ", parts);
  }

  /**
   * Attaches a device.
   *
   * @param device the device
   * @param orExisting true to return the attached device of the same identifier, if any, and close
   *     this one; false to fail
   */
  AttachedDevice attach(GmDevice device, boolean orExisting) {
    beginChange();
    try {
      space.checkOpenNow();
      Optional<AttachedDevice> same = find(device.id());
      if (same.isPresent()) {
        if (orExisting) {
          device.close();
          return same.get();
        }
        throw new IllegalArgumentException(
            "a device of that identifier is attached: id=" + device.id());
      }
      return attachNew(device);
    } finally {
      endChange();
    }
  }

  private AttachedDevice attachNew(GmDevice device) {
    int index = table.free();
    if (index < 0) {
      throw new IllegalStateException(
          "the space has as many devices as it can, those that were lost included; open another"
              + " space: devicesMax="
              + GranuleEntry.DEVICES_MAX);
    }
    if (device.memoryBytes() < space.options().granuleBytes()) {
      throw new IllegalArgumentException(
          "a device must have room for a granule: id="
              + device.id()
              + " memoryBytes="
              + device.memoryBytes()
              + " granuleBytes="
              + space.options().granuleBytes());
    }
    DeviceSlot slot = new DeviceSlot(index, device, monitors);
    slot.fate().leaveTo(space.engine().losses()::settle);
    device.attach(new GmAttachment(SpaceOptions.GRANULE_BYTES_MIN, index + 1, space.faults()));
    boolean done = false;
    try {
      space.allocations().admit(slot);
      AttachedDevice result =
          new AttachedDevice(slot, new Programs(slot, space.launches(), space::resolve));
      monitor.lock();
      attached.add(result);
      monitor.unlock();
      done = true;
      return result;
    } finally {
      if (!done && !slot.isLost()) {
        device.detach();
      }
    }
  }

  private AttachedDevice require(Device device) {
    if (!(device instanceof AttachedDevice known) || !list().contains(known)) {
      throw new IllegalArgumentException(
          "the device is not attached to this space: id=" + device.id());
    }
    return known;
  }

  /**
   * Returns the slot of a device.
   *
   * @throws IllegalArgumentException if it is not attached to this space
   */
  DeviceSlot slotOf(Device device) {
    return require(device).slot();
  }

  void quota(Device device, long bytes) {
    DeviceSlot slot = slotOf(device);
    if (bytes < space.options().granuleBytes()) {
      throw new IllegalArgumentException(
          "a quota must leave room for a granule; detach a device that is to hold nothing: device="
              + device.id()
              + " bytes="
              + bytes
              + " granuleBytes="
              + space.options().granuleBytes());
    }
    if (bytes > device.memoryBytes()) {
      throw new IllegalArgumentException(
          "a quota must not exceed the device's memory: device="
              + device.id()
              + " bytes="
              + bytes
              + " memoryBytes="
              + device.memoryBytes());
    }
    if (device.capabilities().contains(GmCapability.REMOTE_MAPPING)) {
      throw new UnsupportedOperationException(
          "the device chooses itself what it maps in the host's memory, so no quota can bound what"
              + " it uses of its own: device="
              + device.id()
              + " capability="
              + GmCapability.REMOTE_MAPPING);
    }
    slot.fate().check();
    if (slot.isLeaving()) {
      throw new IllegalStateException("the device is being detached: device=" + device.id());
    }
    space.engine().quotas().change(slot, bytes);
  }

  void detach(Device device) {
    beginChange();
    try {
      remove(require(device));
    } finally {
      endChange();
    }
  }

  private void remove(AttachedDevice device) {
    DeviceSlot slot = device.slot();
    if (!slot.isLost()) {
      empty(slot);
    }
    if (!slot.fate().retire()) {
      bury(device);
      return;
    }
    try {
      space.allocations().dismiss(slot);
    } finally {
      unlist(device);
      letGo(device);
    }
  }

  /** Brings home what a device has; it takes nothing any more. */
  private void empty(DeviceSlot slot) {
    slot.leave();
    boolean empty = false;
    try {
      space.launches().awaitDevice(slot);
      slot.left();
      for (Vma vma : space.vmas().all()) {
        space.engine().advising().forget(slot, vma);
        space.engine().bringHome(slot, vma);
      }
      if (slot.fate().bytesLost() > 0) {
        slot.fate().check();
      }
      empty = true;
    } finally {
      if (!empty) {
        slot.stay();
      }
    }
  }

  void abandon(Device device) {
    AttachedDevice known = require(device);
    known.slot().fate().lose(null);
    if (known.slot().isLost()) { // or it had nothing left to lose, and is just being let go of
      bury(known);
    }
  }

  /**
   * Takes a device that is lost off the list. It is closed when nothing of it is under way: now, or
   * by a thread that waits for it.
   */
  private void bury(AttachedDevice device) {
    if (!unlist(device)) {
      return;
    }
    try {
      monitors.start(() -> closeLost(device));
    } catch (RuntimeException | Error e) {
      closeLost(device); // no thread is to be had: this one waits
    }
  }

  private void closeLost(AttachedDevice device) {
    space.launches().awaitDevice(device.slot());
    device.slot().awaitQuiet();
    try {
      device.slot().device().close(); // first: it ends what still runs
      device.programs().close();
    } catch (RuntimeException | Error e) {
      return; // it is lost: so is what it does not let go of
    }
  }

  /** Returns false if it was not on the list. */
  private boolean unlist(AttachedDevice device) {
    monitor.lock();
    try {
      past.put(device.id(), device.slot().statistics());
      return attached.remove(device);
    } finally {
      monitor.unlock();
    }
  }

  private static void letGo(AttachedDevice device) {
    GmDevice gone = device.slot().device();
    try {
      device.programs().close();
    } finally {
      try {
        if (!device.slot().fate().isBeyondCall()) {
          gone.detach();
        }
      } finally {
        gone.close();
      }
    }
  }

  /** Detaches all devices. The space is closing: no more can come. */
  void detachAll() {
    beginChange();
    try {
      list().forEach(this::remove);
    } finally {
      endChange();
    }
  }

  Map<String, DeviceStatistics> statistics() {
    Map<String, DeviceStatistics> all = new LinkedHashMap<>();
    monitor.lock();
    try {
      all.putAll(past);
      attached.forEach(d -> all.put(d.id(), d.slot().statistics()));
    } finally {
      monitor.unlock();
    }
    return all;
  }
}
