package dev.gmem.testkit.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gmem.AddressSpace;
import dev.gmem.ArenaOptions;
import dev.gmem.Argument;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.SpaceOptions;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.testkit.ContractKernel;
import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.injection.InjectedDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;

/**
 * What all scenarios have in common: an address space with a device in it, and memory that the CPU
 * and kernels use in turns.
 *
 * <p>Unlike the facets of the device contract, scenarios run in a real address space: the JVM needs
 * the agent ({@code -javaagent}). Memory is numbered: int {@code i} of a segment is {@code first +
 * i}. Each test ends with every device empty.
 */
@Timeout(120)
public abstract class ScenarioContract {
  /** Small, so that a few pages show what happens to parts of an allocation. */
  static final int GRANULE_BYTES = 4 << 10;

  /** How many granules most scenarios use. */
  static final int GRANULES = 16;

  /** What large allocations are made of: the "huge pages". */
  static final int HUGE_BYTES = 2 << 20;

  static final long BYTES = (long) GRANULES * GRANULE_BYTES;

  /** Of every device; threads of one test load kernels together. */
  private final Map<Device, Map<ContractKernel, Kernel>> kernels = new ConcurrentHashMap<>();

  private final List<InjectedDevice> wrappers = new ArrayList<>();
  private AddressSpace space;
  private Arena arena;
  private Device device;

  /** For subclasses. */
  protected ScenarioContract() {}

  /**
   * Says which device to test.
   *
   * @return the fixture; the same one each time, or equivalent ones
   */
  protected abstract DeviceFixture fixture();

  @BeforeEach
  final void open() {
    space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
    arena = space.arena();
    device = attach("first");
    assumeTrue(
        device.capabilities().contains(GmCapability.COMPUTE),
        () -> "skipped: " + device.id() + " runs no kernels");
  }

  @AfterEach
  final void close() {
    if (space == null) {
      return;
    }
    wrappers.forEach(wrapper -> wrapper.injector().clear());
    if (arena.scope().isAlive()) {
      arena.close();
    }
    for (Device each : space.devices()) {
      assertEquals(0, each.residentBytes(), () -> "bytes left on " + each.id());
    }
    space.close();
  }

  final AddressSpace space() {
    return space;
  }

  /** The arena of the test; granules of {@link #GRANULE_BYTES}. */
  final Arena arena() {
    return arena;
  }

  final Device device() {
    return device;
  }

  /** The wrapper of the first device, for failures. */
  final InjectedDevice injected() {
    return wrappers.getFirst();
  }

  /** Attaches one more device of the kind. */
  final Device attach(String id) {
    GmDevice made = fixture().newDevice();
    InjectedDevice wrapper = InjectedDevice.of(made, id);
    wrappers.add(wrapper);
    return space.attach(wrapper);
  }

  /** Tells whether granules move to the device, and not the device's accesses to the host. */
  final boolean moves() {
    return !device.capabilities().contains(GmCapability.HOST_COHERENT);
  }

  final void assumeItMoves() {
    assumeFalse(
        device.capabilities().contains(GmCapability.HOST_COHERENT),
        () -> "skipped: nothing moves to " + device.description());
  }

  /** Tells whether reads leave the host its copy. */
  final boolean shares() {
    return moves() && device.capabilities().contains(GmCapability.READ_ONLY_MAPPING);
  }

  final MemorySegment allocate() {
    return allocate(BYTES);
  }

  final MemorySegment allocate(long bytes) {
    return arena.allocate(bytes, GRANULE_BYTES);
  }

  /** Opens an arena of huge granules. It is closed with the space. */
  final Arena hugeArena() {
    return space.arena(ArenaOptions.defaults().withGranuleBytes(HUGE_BYTES));
  }

  static MemorySegment granules(MemorySegment segment, int first, int count) {
    return segment.asSlice((long) first * GRANULE_BYTES, (long) count * GRANULE_BYTES);
  }

  static int ints(MemorySegment segment) {
    return Math.toIntExact(segment.byteSize() / Integer.BYTES);
  }

  // What the CPU does.

  /** Numbers memory, with the CPU. */
  static MemorySegment number(MemorySegment segment, int first) {
    for (int i = 0; i < ints(segment); i++) {
      segment.setAtIndex(ValueLayout.JAVA_INT, i, first + i);
    }
    return segment;
  }

  /** Requires memory to be numbered, as the CPU sees it. */
  static void assertNumbered(MemorySegment segment, int first) {
    for (int i = 0; i < ints(segment); i++) {
      int seen = segment.getAtIndex(ValueLayout.JAVA_INT, i);
      if (seen != first + i) {
        fail("int " + i + " of " + ints(segment) + ": expected=" + (first + i) + " seen=" + seen);
      }
    }
  }

  /** Requires memory to be zero, as the CPU sees it. */
  static void assertZero(MemorySegment segment) {
    for (int i = 0; i < ints(segment); i++) {
      int seen = segment.getAtIndex(ValueLayout.JAVA_INT, i);
      if (seen != 0) {
        fail("int " + i + " of " + ints(segment) + ": expected=0 seen=" + seen);
      }
    }
  }

  // What a device does.

  private Kernel kernel(Device on, ContractKernel which) {
    return kernels
        .computeIfAbsent(on, d -> new ConcurrentHashMap<>())
        .computeIfAbsent(which, w -> on.load(source(w)).kernel(w.kernelName()));
  }

  private KernelSource source(ContractKernel which) {
    return fixture().source(which);
  }

  final Launch launch(Device on, ContractKernel which, long items, Object... arguments) {
    return kernel(on, which).launch(NdRange.of(items), arguments);
  }

  /** Numbers memory, with a kernel. */
  final void numberOn(Device on, MemorySegment segment, int first) {
    launch(on, ContractKernel.NUMBER, ints(segment), segment, first).join();
  }

  /** Adds one to every int, with a kernel. */
  final void incrementOn(Device on, MemorySegment segment) {
    launch(on, ContractKernel.INCREMENT, ints(segment), segment).join();
  }

  /** Returns what a kernel reads. */
  final MemorySegment readOn(Device on, MemorySegment segment) {
    MemorySegment seen = arena.allocate(segment.byteSize(), GRANULE_BYTES);
    launch(on, ContractKernel.COPY, ints(segment), Argument.read(segment), seen).join();
    return seen;
  }

  /** Requires memory to be numbered, as a kernel sees it. */
  final void assertNumberedOn(Device on, MemorySegment segment, int first) {
    assertNumbered(readOn(on, segment), first);
  }

  /** Requires memory to be zero, as a kernel sees it. */
  final void assertZeroOn(Device on, MemorySegment segment) {
    assertZero(readOn(on, segment));
  }

  // Where memory is.

  /** Requires a device to hold the only valid copy; for one that works on the host's, the host. */
  final void assertOwned(Device by, MemorySegment segment) {
    if (moves()) {
      assertEquals(
          segment.byteSize(), space.residency(segment).bytes(PageState.DEVICE), residency(segment));
      assertEquals(segment.byteSize(), space.residency(segment).bytesOn(by.id()));
    } else {
      assertAtHome(segment);
    }
  }

  /** Requires the host to have a valid copy, shared or not. */
  final void assertAtHome(MemorySegment segment) {
    assertEquals(
        segment.byteSize(), space.residency(segment).bytesOnHost(), () -> residency(segment));
  }

  /** Requires a device to have a valid copy, shared or not. */
  final void assertPresent(Device on, MemorySegment segment) {
    if (moves()) {
      assertEquals(
          segment.byteSize(),
          space.residency(segment).bytesOn(on.id()),
          () -> "on " + on.id() + ": " + residency(segment));
    } else {
      assertAtHome(segment);
    }
  }

  final String residency(MemorySegment segment) {
    return space.residency(segment).extents().toString();
  }

  /** Requires an action to take no CPU fault on a segment's allocation. */
  final void withoutHostFaults(MemorySegment segment, Runnable action) {
    long before = space.statistics(segment).hostFaults();
    action.run();
    assertEquals(before, space.statistics(segment).hostFaults(), "host faults");
  }

  static void assertSays(Throwable error, String... parts) {
    for (String part : parts) {
      assertTrue(
          error.getMessage().contains(part), () -> part + " is missing in: " + error.getMessage());
    }
  }
}
