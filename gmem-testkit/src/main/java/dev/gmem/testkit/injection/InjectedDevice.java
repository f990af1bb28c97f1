package dev.gmem.testkit.injection;

import dev.gmem.Access;
import dev.gmem.spi.GmAttachMode;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmFaultHandler;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmStatus;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * A device around another one, whose calls can be disturbed.
 *
 * <p>Guarantee: a call that no injection meets is made on the wrapped device, on the same thread,
 * and what it returns or throws comes back as it is. So the wrapper passes the contract if the
 * device does.
 *
 * <p>The wrapper is what an address space knows: it is attached in place of the device, and faults
 * of the device arrive in its name. A peer copy between two wrappers is one between their devices.
 *
 * <p>Threads: any, under the rules of the SPI.
 *
 * <pre>{@code
 * InjectedDevice device = InjectedDevice.of(new MyDevice());
 * space.attach(device);
 * device.inject(Injection.on(SpiCall.PEER_UNMAP).nth(1).returning(GmStatus.DMA_ERROR));
 * }</pre>
 */
public final class InjectedDevice implements GmDevice {
  private final GmDevice device;
  private final String id;
  private final Injector injector = new Injector();
  private final GmMmu mmu;
  private volatile GmFaultHandler faults;

  private InjectedDevice(GmDevice device, String id) {
    this.device = Objects.requireNonNull(device, "device");
    this.id = Objects.requireNonNull(id, "id");
    this.mmu = new InjectedMmu(device::mmu, injector);
  }

  /**
   * Wraps a device.
   *
   * @param device the device; belongs to the wrapper from now on
   * @return the wrapper, of the same identifier
   */
  public static InjectedDevice of(GmDevice device) {
    return new InjectedDevice(device, device.id());
  }

  /**
   * Wraps a device under another identifier, so that two of a kind can be in one space.
   *
   * @param device the device; belongs to the wrapper from now on
   * @param id the wrapper's identifier
   * @return the wrapper
   */
  public static InjectedDevice of(GmDevice device, String id) {
    return new InjectedDevice(device, id);
  }

  /** The device that a wrapper is around, or what is no wrapper. */
  static GmDevice unwrapped(GmDevice device) {
    return device instanceof InjectedDevice wrapper ? wrapper.device : device;
  }

  /**
   * Puts injections in force, from now on.
   *
   * @param injections some
   * @return this
   */
  public InjectedDevice inject(Injection... injections) {
    injector.inject(injections);
    return this;
  }

  /**
   * Returns what disturbs it.
   *
   * @return its injector: counts, log, and ways to stop
   */
  public Injector injector() {
    return injector;
  }

  /**
   * Returns the device that is wrapped.
   *
   * @return as passed to {@link #of}
   */
  public GmDevice device() {
    return device;
  }

  private Verdict judge(SpiCall call) {
    return injector.judge(SpiEvent.of(call));
  }

  @Override
  public String id() {
    return id;
  }

  @Override
  public GmMmu mmu() {
    return mmu;
  }

  @Override
  public String description() {
    return device.description();
  }

  @Override
  public Set<GmCapability> capabilities() {
    return device.capabilities();
  }

  @Override
  public long memoryBytes() {
    return device.memoryBytes();
  }

  @Override
  public GmAttachMode attachMode() {
    return device.attachMode();
  }

  @Override
  public void attach(GmAttachment attachment) {
    GmFaultHandler handler = new Handler(attachment.faults());
    faults = attachment.faults();
    judge(SpiCall.ATTACH)
        .aroundVoid(
            () ->
                device.attach(
                    new GmAttachment(attachment.granuleBytes(), attachment.node(), handler)));
  }

  /** What the device is given to call: faults arrive in the wrapper's name. */
  private final class Handler implements GmFaultHandler {
    private final GmFaultHandler faults;

    Handler(GmFaultHandler faults) {
      this.faults = faults;
    }

    @Override
    public void devFault(GmDevice from, long address, long bytes, Access access) {
      injector
          .judge(new SpiEvent(SpiCall.DEV_FAULT, address, bytes, false, access, null))
          .aroundVoid(() -> faults.devFault(named(from), address, bytes, access));
    }

    @Override
    public void deviceLost(GmDevice lost, Throwable cause) {
      faults.deviceLost(named(lost), cause);
    }

    private GmDevice named(GmDevice from) {
      return from == device ? InjectedDevice.this : from;
    }
  }

  /**
   * Is lost, and says so: all calls come to {@link GmStatus#DEVICE_LOST} from now on.
   *
   * @param cause what it says has happened, or null
   */
  public void die(Throwable cause) {
    injector.die();
    GmFaultHandler handler = faults;
    if (handler != null) {
      handler.deviceLost(this, cause);
    }
  }

  @Override
  public void detach() {
    judge(SpiCall.DETACH).aroundVoid(device::detach);
  }

  @Override
  public Optional<GmCompute> compute() {
    return device.compute().map(compute -> new InjectedCompute(compute, injector));
  }

  @Override
  public void close() {
    judge(SpiCall.CLOSE).aroundVoid(device::close);
  }

  @Override
  public String toString() {
    return id;
  }
}
