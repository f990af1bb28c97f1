package dev.gmem.opencl;

import dev.gmem.DeviceException;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmStatus;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * An OpenCL device.
 *
 * <p>Finding it costs a few questions. What it can do with host memory is found out by a probe when
 * somebody asks for the first time; a context is made when it is attached.
 */
final class OpenClDevice implements GmDevice {
  private final Cl cl;
  private final String id;
  private final DeviceFacts facts;
  private final OpenClSettings settings;
  private final Supplier<HostAccess> probe;
  private final OpenClCompute compute = new OpenClCompute(this);
  private HostAccess access;
  private boolean closed;
  private volatile Attached attached;

  /**
   * Makes one.
   *
   * @param cl OpenCL
   * @param id its identifier
   * @param facts what it says of itself
   * @param settings what the user wants
   * @param probe finds out how it reaches host memory; asked once
   */
  OpenClDevice(
      Cl cl, String id, DeviceFacts facts, OpenClSettings settings, Supplier<HostAccess> probe) {
    this.cl = cl;
    this.id = id;
    this.facts = facts;
    this.settings = settings;
    this.probe = probe;
  }

  @Override
  public String id() {
    return id;
  }

  DeviceFacts facts() {
    return facts;
  }

  synchronized HostAccess access() {
    if (access == null) {
      access = probe.get();
    }
    return access;
  }

  boolean isZeroCopy() {
    return switch (settings.mode()) {
      case DISCRETE -> false;
      case ZERO_COPY -> true;
      case AUTO -> (facts.hostUnified() || facts.hasSystemSvm()) && access().any();
    };
  }

  @Override
  public String description() {
    HostAccess seen = access();
    String mode = isZeroCopy() ? "zero-copy" : "discrete";
    String why =
        settings.mode() == OpenClMode.AUTO
            ? (isZeroCopy()
                ? "host-unified, and seen to work on host memory"
                : facts.hostUnified() ? seen.note() : "memory of its own")
            : "as " + OpenClSettings.MODE + " says";
    return facts.title()
        + ": "
        + mode
        + " ("
        + why
        + "), "
        + facts.computeUnits()
        + " compute units, "
        + memoryBytes()
        + " bytes, largest buffer "
        + facts.bufferBytesMax()
        + " bytes"
        + (!isZeroCopy() && seen.any() ? ", more in host memory" : "")
        + ", SVM "
        + facts.svmKind()
        + ", stored pointers "
        + (seen.pointers()
            ? isZeroCopy() ? "valid" : "valid in host memory"
            : "not valid (" + seen.note() + ")");
  }

  @Override
  public Set<GmCapability> capabilities() {
    Set<GmCapability> all = EnumSet.of(GmCapability.COMPUTE, GmCapability.READ_ONLY_MAPPING);
    if (isZeroCopy()) {
      all.add(GmCapability.HOST_COHERENT);
    } else if (access().any()) {
      all.add(GmCapability.REMOTE_MAPPING);
    }
    if (access().pointers()) {
      all.add(isZeroCopy() ? GmCapability.SHARED_ADDRESSES : GmCapability.HOST_ADDRESSES);
    }
    if (facts.sharesCaches() && (isZeroCopy() || access().pointers())) {
      all.add(GmCapability.HOST_CONCURRENT);
    }
    return all;
  }

  @Override
  public long memoryBytes() {
    return isZeroCopy()
        ? facts.memoryBytes()
        : Math.min(facts.memoryBytes(), settings.memoryBytesMax());
  }

  @Override
  public GmMmu mmu() {
    return attached().mmu();
  }

  @Override
  public Optional<GmCompute> compute() {
    return Optional.of(compute);
  }

  @Override
  public synchronized void attach(GmAttachment attachment) {
    if (closed) {
      throw new IllegalStateException("the device is closed: device=" + id);
    }
    if (attached != null) {
      throw new IllegalStateException("the device is attached already: device=" + id);
    }
    try {
      Session session = new Session(cl, facts, id, attachment, settings.profiling());
      OpenClMmu mmu = new OpenClMmu(this, session, access(), isZeroCopy(), memoryBytes());
      attached = new Attached(session, mmu, access(), isZeroCopy());
    } catch (ClException e) {
      throw new DeviceException(
          "the driver could not make the device ready: " + facts.title() + " " + e.getMessage(),
          id,
          GmStatus.FAILURE_UNKNOWN,
          0,
          0,
          null,
          e);
    }
  }

  /**
   * Leaves the address space.
   *
   * @throws IllegalStateException if the device is not attached, or something is still mapped
   */
  @Override
  public synchronized void detach() {
    Attached leaving = attached();
    if (!leaving.mmu().isEmpty()) {
      throw new IllegalStateException(
          "everything must be unmapped before a device is detached: device=" + id);
    }
    leave(leaving);
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (attached != null) {
      leave(attached);
    }
  }

  private void leave(Attached leaving) {
    attached = null;
    leaving.mmu().close();
    leaving.session().close();
  }

  Attached attached() {
    Attached now = attached;
    if (now == null) {
      throw new IllegalStateException("the device is not attached to a space: device=" + id);
    }
    return now;
  }

  @Override
  public String toString() {
    return id;
  }
}
