package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gmem.Access;
import dev.gmem.KernelSource;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmProgram;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Offsets beyond 2 GiB, in an allocation of which only little is touched. */
class LargeBufferTest {
  private static final long BYTES = 5L << 29;
  private static final int GRANULE_BYTES = 64 << 10;
  private static final String INCREMENT =
      "__kernel void k(__global int* a, ulong first) { a[first + get_global_id(0)] += 1; }";

  @TempDir Path directory;

  private void incrementsAtTheEnd(OpenClDevice device) throws IOException {
    try (device;
        Arena arena = Arena.ofShared();
        FileChannel file =
            FileChannel.open(
                directory.resolve("sparse"),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
      MemorySegment all = file.map(MapMode.READ_WRITE, 0, BYTES + GRANULE_BYTES, arena);
      long skew = -all.address() & GRANULE_BYTES - 1;
      MemorySegment host = all.asSlice(skew, BYTES);
      GmRange range = new GmRange(host.address(), BYTES);
      GmRange last = new GmRange(range.end() - GRANULE_BYTES, GRANULE_BYTES);
      MemorySegment lastHost = host.asSlice(BYTES - GRANULE_BYTES);
      lastHost.set(ValueLayout.JAVA_INT, GRANULE_BYTES - Integer.BYTES, 41);
      device.attach(new GmAttachment(GRANULE_BYTES, 1, (d, address, bytes, access) -> {}));
      assertEquals(GmStatus.SUCCESS, device.mmu().peerVaAlloc(range));
      assertEquals(
          GmStatus.SUCCESS,
          device.mmu().peerMap(new GmMapping(last, lastHost, true, Access.READ_WRITE)));
      launch(device, range);
      assertEquals(GmStatus.SUCCESS, device.mmu().peerUnmap(new GmUnmapping(last, lastHost, true)));
      assertEquals(42, host.get(ValueLayout.JAVA_INT, BYTES - Integer.BYTES));
      assertEquals(GmStatus.SUCCESS, device.mmu().peerVaFree(range));
      device.detach();
    }
  }

  private static void launch(OpenClDevice device, GmRange range) {
    try (GmProgram program =
        device.compute().orElseThrow().compile(KernelSource.openCl(INCREMENT))) {
      GmKernel kernel = program.kernels().getFirst();
      Setup.run(
          kernel,
          NdRange.of(1),
          Setup.buffer(range, Access.READ_WRITE),
          Setup.scalar(BYTES / Integer.BYTES - 1));
      GmArgument slice = Setup.slice(range, BYTES - 128, 128, Access.READ_WRITE);
      kernel.validate(NdRange.of(1), List.of(slice, Setup.scalar(0L)));
    }
  }

  @Test
  void discrete() throws IOException {
    long most = TestDevices.facts().bufferBytesMax();
    assumeTrue(
        most >= BYTES, () -> "skipped: the device's largest buffer is smaller: bytes=" + most);
    incrementsAtTheEnd(TestDevices.withoutHostAccess(TestDevices.cl()));
  }

  @Test
  void remote() throws IOException {
    TestDevices.requireHostAccess();
    incrementsAtTheEnd(TestDevices.withBuffersUpTo(BYTES / 2, TestDevices.cl(), seen -> seen));
  }

  @Test
  void zeroCopy() throws IOException {
    incrementsAtTheEnd(TestDevices.device(TestDevices.zeroCopy()));
  }
}
