package dev.gmem.core.space;

import dev.gmem.Device;
import dev.gmem.core.engine.DeviceSlot;
import dev.gmem.core.engine.DeviceTable;
import dev.gmem.core.engine.EngineProbe;
import dev.gmem.core.engine.FaultEngine;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.launch.LaunchQueue;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;

/** Looks into a space. */
public final class SpaceProbe {
  private static final Field DEVICES = field();

  private SpaceProbe() {}

  private static Field field() {
    try {
      Field field = Space.class.getDeclaredField("deviceTable");
      field.setAccessible(true);
      return field;
    } catch (NoSuchFieldException e) {
      throw new AssertionError(e);
    }
  }

  /** The VMAs of a space. */
  public static List<Vma> vmas(Space space) {
    return new ArrayList<>(space.vmas().all());
  }

  /** The VMA of a segment. */
  public static Vma vma(Space space, MemorySegment segment) {
    return space.resolve(segment, "it");
  }

  /** The fault engine of a space. */
  public static FaultEngine engine(Space space) {
    return space.engine();
  }

  /** The launches of a space. */
  public static LaunchQueue launches(Space space) {
    return space.launches();
  }

  /** The slot of a device. */
  public static DeviceSlot slot(Device device) {
    return ((AttachedDevice) device).slot();
  }

  /** The slots of a space, those of devices that are lost and gone included. */
  public static List<DeviceSlot> slots(Space space) {
    try {
      return ((DeviceTable) DEVICES.get(space)).all();
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  /** A number that changes with what everybody reads without a monitor. */
  public static int structure(Space space) {
    try {
      return EngineProbe.structure((DeviceTable) DEVICES.get(space), space.vmas().all());
    } catch (IllegalAccessException e) {
      throw new AssertionError(e);
    }
  }

  /** What must hold at any time. */
  public static void check(Space space, List<DeviceSlot> slots) {
    for (Vma vma : space.vmas().all()) {
      EngineProbe.check(vma, slots);
    }
  }

  /** What must hold when nothing is under way. */
  public static void checkAtRest(Space space) {
    List<DeviceSlot> slots = slots(space);
    List<Vma> vmas = vmas(space);
    for (Vma vma : vmas) {
      EngineProbe.checkAtRest(vma, slots);
    }
    for (DeviceSlot slot : slots) {
      EngineProbe.checkAtRest(slot, vmas);
    }
  }
}
