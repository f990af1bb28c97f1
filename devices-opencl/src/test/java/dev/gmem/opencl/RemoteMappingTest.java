package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Access;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmStatusException;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What does not fit a discrete device: mapped where it is if the device can, refused if not. */
class RemoteMappingTest {
  private static final String ADD =
      "__kernel void add(__global const int* a, __global int* b) {"
          + " size_t i = get_global_id(0); b[i] = b[i] + a[i]; }";

  private Recorder recorder;
  private Setup setup;

  private void open(long bufferBytesMax, UnaryOperator<HostAccess> access) {
    recorder = new Recorder(TestDevices.cl());
    setup = new Setup(TestDevices.withBuffersUpTo(bufferBytesMax, recorder.cl(), access));
  }

  @AfterEach
  void close() {
    if (setup != null) {
      setup.close();
      recorder.assertNothingAlive();
    }
  }

  private void addsUp(GmRange a, GmRange b) {
    GmKernel kernel = setup.kernel(ADD);
    GmArgument[] arguments = {Setup.buffer(a, Access.READ), Setup.buffer(b, Access.READ_WRITE)};
    NdRange items = NdRange.of(Setup.ints(b));
    kernel.validate(items, List.of(arguments));
    assertEquals(GmStatus.SUCCESS, setup.space().map(a, true, Access.READ));
    setup.mapped(b);
    Setup.run(kernel, items, arguments);
    assertEquals(GmStatus.SUCCESS, setup.space().unmap(a, false));
    setup.home(b);
    for (int i = 0; i < Setup.ints(b); i++) {
      if (setup.hostInt(b, i) != 2 * i) {
        assertEquals(2 * i, setup.hostInt(b, i), "int " + i);
      }
    }
  }

  @Test
  void anAllocationOverTheLargestBufferIsMappedWhereItIs() {
    TestDevices.requireHostAccess();
    open(4L * Setup.GRANULE_BYTES, seen -> seen);
    assertTrue(
        setup.device().access().addresses(), "this device's kernels must take host addresses");
    GmRange small = setup.numbered(4);
    GmRange large = setup.numbered(5);
    addsUp(setup.space().part(large, 0, 4), small);
    addsUp(small(), large);
  }

  private GmRange small() {
    return setup.numbered(5);
  }

  @Test
  void partsOfItComeAndGo() {
    TestDevices.requireHostAccess();
    open(4L * Setup.GRANULE_BYTES, seen -> seen);
    GmRange large = setup.numbered(8);
    GmRange part = setup.space().part(large, 2, 3);
    setup.mapped(part);
    GmKernel kernel =
        setup.kernel("__kernel void k(__global int* a) { a[get_global_id(0)] += 5; }");
    Setup.run(
        kernel,
        NdRange.of(Setup.ints(part)),
        new GmArgument.Buffer(large, part.address(), part.bytes(), Access.READ_WRITE));
    assertEquals(GmStatus.SUCCESS, setup.space().unmap(part, true));
    int first = 2 * Setup.GRANULE_BYTES / Integer.BYTES;
    assertEquals(first - 1, setup.hostInt(large, first - 1));
    assertEquals(first + 5, setup.hostInt(large, first));
    assertEquals(0, recorder.alive("Buffer"));
  }

  @Test
  void anAllocationOverTheLargestBufferIsRefusedWithBothSizesWhereHostMemoryCannotBeUsed() {
    open(4L * Setup.GRANULE_BYTES, seen -> HostAccess.none("for a test"));
    GmRange large = setup.numbered(5);
    GmKernel kernel =
        setup.kernel("__kernel void k(__global int* a) { a[get_global_id(0)] += 5; }");
    DeviceMemoryExhaustedException e =
        assertThrows(
            DeviceMemoryExhaustedException.class,
            () -> kernel.validate(NdRange.of(1), List.of(Setup.buffer(large, Access.READ_WRITE))));
    assertTrue(e.getMessage().contains("neededBytes=" + large.bytes()), e::getMessage);
    assertTrue(e.getMessage().contains("bufferBytesMax=262144"), e::getMessage);
    GmStatusException refused =
        assertThrows(
            GmStatusException.class, () -> setup.space().map(large, true, Access.READ_WRITE));
    assertTrue(refused.getMessage().contains("neededBytes="), refused::getMessage);
    setup.assertNumbered(large, 0);
  }

  @Test
  void aLaunchOverTheMemoryRunsWithPartOfItOnTheHost() {
    TestDevices.requireHostAccess();
    open(Long.MAX_VALUE, seen -> seen);
    long granules = TestDevices.SMALL_BYTES / Setup.GRANULE_BYTES;
    GmRange a = setup.numbered(granules * 3 / 4);
    GmRange b = setup.numbered(granules * 3 / 4);
    addsUp(a, b);
    assertEquals(1, recorder.calls().stream().filter("createBuffer"::equals).count());
  }

  @Test
  void aLaunchOverTheMemoryRunsWithBuffersOnTheHost() {
    TestDevices.requireHostAccess();
    open(Long.MAX_VALUE, seen -> new HostAccess(seen.buffers(), false, false, ""));
    long granules = TestDevices.SMALL_BYTES / Setup.GRANULE_BYTES;
    GmRange a = setup.numbered(granules * 3 / 4);
    GmRange b = setup.numbered(granules * 3 / 4);
    addsUp(a, b);
    assertEquals(1, recorder.calls().stream().filter("createHostBuffer"::equals).count());
  }

  @Test
  void whatFitsIsNotMappedWhereItIs() {
    open(Long.MAX_VALUE, seen -> seen);
    addsUp(setup.numbered(4), setup.numbered(4));
    assertEquals(2, recorder.calls().stream().filter("createBuffer"::equals).count());
  }

  @Test
  void theDeviceSaysWhichModeItIsIn() {
    TestDevices.requireHostAccess();
    open(Long.MAX_VALUE, seen -> seen);
    assertTrue(
        setup.device().description().contains("discrete (as gmem.opencl.mode says)"),
        setup.device()::description);
    boolean follows = setup.device().access().pointers();
    assertEquals(
        follows, setup.device().description().contains("stored pointers valid in host memory"));
    Set<GmCapability> expected =
        EnumSet.of(
            GmCapability.COMPUTE, GmCapability.READ_ONLY_MAPPING, GmCapability.REMOTE_MAPPING);
    if (follows) {
      expected.add(GmCapability.HOST_ADDRESSES);
      if (setup.device().facts().isCpu()) {
        expected.add(GmCapability.HOST_CONCURRENT);
      }
    }
    assertEquals(expected, setup.device().capabilities());
  }

  @Test
  void aUnifiedDeviceIsZeroCopyByDefaultAndSaysWhy() {
    try (OpenClDevice device = TestDevices.device(OpenClSettings.defaults())) {
      boolean unified = device.facts().hostUnified() && device.access().any();
      assertEquals(unified, device.capabilities().contains(GmCapability.HOST_COHERENT));
      assertEquals(
          unified, device.description().contains("zero-copy (host-unified"), device::description);
    }
  }
}
