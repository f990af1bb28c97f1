package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gmem.Access;
import dev.gmem.KernelSource;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmProgram;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import dev.gmem.testkit.TestSpace;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** A device in a space, with what tests do to it. */
final class Setup implements AutoCloseable {
  static final int GRANULE_BYTES = 64 << 10;

  private final TestSpace space;
  private final OpenClDevice device;
  private final List<GmProgram> programs = new ArrayList<>();

  Setup(OpenClDevice device) {
    this.device = device;
    this.space = TestSpace.attach(device, GRANULE_BYTES);
  }

  TestSpace space() {
    return space;
  }

  OpenClDevice device() {
    return device;
  }

  GmKernel kernel(String source) {
    return kernel(source, "");
  }

  GmKernel kernel(String source, String options) {
    GmProgram program =
        device.compute().orElseThrow().compile(new KernelSource.OpenCl(source, options));
    programs.add(program);
    return program.kernels().getFirst();
  }

  /** An allocation whose ints count up. */
  GmRange numbered(long granules) {
    GmRange range = space.allocate(granules);
    for (int i = 0; i < ints(range); i++) {
      space.host(range).setAtIndex(ValueLayout.JAVA_INT, i, i);
    }
    return range;
  }

  /** Maps; on return no thread of the device has anything left to do. */
  GmRange mapped(GmRange range) {
    assertEquals(GmStatus.SUCCESS, space.mapAsync(range, true, Access.READ_WRITE).join());
    return range;
  }

  GmRange home(GmRange range) {
    assertEquals(GmStatus.SUCCESS, space.unmapAsync(range, true).join());
    return range;
  }

  static int ints(GmRange range) {
    return Math.toIntExact(range.bytes() / Integer.BYTES);
  }

  int hostInt(GmRange range, long index) {
    return space.host(range).getAtIndex(ValueLayout.JAVA_INT, index);
  }

  /** Requires int i of the host frames to be i + more. */
  void assertNumbered(GmRange range, int more) {
    for (int i = 0; i < ints(range); i++) {
      if (hostInt(range, i) != i + more) {
        assertEquals(i + more, hostInt(range, i), "int " + i);
      }
    }
  }

  static GmArgument buffer(GmRange range, Access access) {
    return new GmArgument.Buffer(range, range.address(), range.bytes(), access);
  }

  static GmArgument slice(GmRange range, long offset, long bytes, Access access) {
    return new GmArgument.Buffer(range, range.address() + offset, bytes, access);
  }

  static GmArgument scalar(Object value) {
    return new GmArgument.Scalar(value);
  }

  static CompletionStage<Long> start(GmKernel kernel, NdRange range, GmArgument... arguments) {
    kernel.validate(range, List.of(arguments));
    return kernel.launch(range, List.of(arguments));
  }

  /** Launches and waits until it is told the end, without waiting for the device itself. */
  static long run(GmKernel kernel, NdRange range, GmArgument... arguments) {
    return start(kernel, range, arguments)
        .thenApply(nanos -> nanos)
        .toCompletableFuture()
        .orTimeout(60, TimeUnit.SECONDS)
        .join();
  }

  @Override
  public void close() {
    programs.forEach(GmProgram::close);
    space.close();
  }
}
