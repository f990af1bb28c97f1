package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Access;
import dev.gmem.KernelCompilationException;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmProgram;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** What OpenCL kernels can do, in each mode. */
@ParameterizedClass
@EnumSource
class ComputeTest {
  /** The ways in which kernels get at memory. */
  enum Way {
    DISCRETE(() -> TestDevices.withoutHostAccess(TestDevices.cl())),
    HOST_ADDRESSES(() -> TestDevices.device(TestDevices.zeroCopy())),
    HOST_BUFFERS(() -> TestDevices.onHostBuffers(TestDevices.cl()));

    private final Supplier<OpenClDevice> device;

    Way(Supplier<OpenClDevice> device) {
      this.device = device;
    }
  }

  private final Way way;
  private Setup setup;

  ComputeTest(Way way) {
    this.way = way;
  }

  @BeforeEach
  void open() {
    setup = new Setup(way.device.get());
  }

  @AfterEach
  void close() {
    if (setup != null) {
      setup.close();
    }
  }

  private String rejection(GmKernel kernel, NdRange range, GmArgument... arguments) {
    return assertThrows(
            IllegalArgumentException.class, () -> kernel.validate(range, List.of(arguments)))
        .getMessage();
  }

  private static void assertSays(String message, String... parts) {
    for (String part : parts) {
      assertTrue(message.contains(part), () -> "'" + part + "' is missing in: " + message);
    }
  }

  // ---- programs ----

  @Test
  void accessModesComeFromTheKernel() {
    GmKernel kernel =
        setup.kernel(
            "__kernel void k(__global const int* a, __global int* b, __constant float* c,"
                + " __local float* l, int n, __global const volatile long* restrict v) {}");
    assertEquals(
        List.of(
            Parameter.READ,
            Parameter.READ_WRITE,
            Parameter.READ,
            Parameter.LOCAL,
            Parameter.SCALAR,
            Parameter.READ),
        kernel.parameters());
  }

  @Test
  void aProgramHasAllItsKernels() {
    KernelSource source =
        KernelSource.openCl(
            "__kernel void one(__global int *a) { *a = 1; }\n"
                + "__kernel void two(__global int *a, int b) { *a = b; }\n");
    try (GmProgram program = setup.device().compute().orElseThrow().compile(source)) {
      assertEquals(
          List.of("one", "two"), program.kernels().stream().map(GmKernel::name).sorted().toList());
    }
  }

  @Test
  void buildOptionsReachTheCompiler() {
    GmKernel kernel =
        setup.kernel("__kernel void k(__global int* a) { a[0] = ANSWER; }", "-DANSWER=42");
    GmRange out = setup.mapped(setup.space().allocate(1));
    Setup.run(kernel, NdRange.of(1), Setup.buffer(out, Access.READ_WRITE));
    assertEquals(42, setup.hostInt(setup.home(out), 0));
  }

  @Test
  void aSourceThatDoesNotCompileNamesTheLine() {
    String source = "__kernel void k(__global int* a) {\n  int x = 3;\n  a[0] = undeclared;\n}\n";
    KernelCompilationException e =
        assertThrows(KernelCompilationException.class, () -> setup.kernel(source));
    assertSays(e.getMessage(), "line 3", "  a[0] = undeclared;", "undeclared", "device=opencl0");
  }

  @Test
  void aProgramWithoutKernelsIsRefused() {
    KernelCompilationException e =
        assertThrows(
            KernelCompilationException.class, () -> setup.kernel("int f(int a) { return a; }"));
    assertSays(e.getMessage(), "no __kernel");
  }

  @Test
  void optionsThatDoNotExistAreReported() {
    KernelCompilationException e =
        assertThrows(
            KernelCompilationException.class,
            () -> setup.kernel("__kernel void k() {}", "-no-such-option"));
    assertSays(e.getMessage(), "-no-such-option");
  }

  // ---- scalars ----

  @Test
  void scalarsOfEveryTypeArrive() {
    GmKernel kernel =
        setup.kernel(
            "__kernel void k(__global long* o, char c, uchar uc, short s, ushort us, int i, uint"
                + " ui, long l, ulong ul, float f, double d) { o[0] = c; o[1] = uc; o[2] = s; o[3]"
                + " = us; o[4] = i; o[5] = ui; o[6] = l; o[7] = (long) ul; o[8] = as_int(f); o[9] ="
                + " as_long(d); }");
    GmRange out = setup.mapped(setup.space().allocate(1));
    Setup.run(
        kernel,
        NdRange.of(1),
        Setup.buffer(out, Access.READ_WRITE),
        Setup.scalar((byte) -5),
        Setup.scalar((byte) -5),
        Setup.scalar((short) -300),
        Setup.scalar('\uFFFE'),
        Setup.scalar(-70_000),
        Setup.scalar(-1),
        Setup.scalar(Long.MIN_VALUE),
        Setup.scalar(-1L),
        Setup.scalar(1.5f),
        Setup.scalar(-2.25));
    setup.home(out);
    long[] expected = {
      -5,
      251,
      -300,
      0xFFFE,
      -70_000,
      0xFFFF_FFFFL,
      Long.MIN_VALUE,
      -1,
      Float.floatToRawIntBits(1.5f),
      Double.doubleToRawLongBits(-2.25)
    };
    for (int i = 0; i < expected.length; i++) {
      assertEquals(
          expected[i], setup.space().host(out).getAtIndex(ValueLayout.JAVA_LONG, i), "scalar " + i);
    }
  }

  @Test
  void scalarsWidenAndBooleansAreOneOrZero() {
    GmKernel kernel =
        setup.kernel(
            "__kernel void k(__global double* o, long l, double d, int b, long c) {"
                + " o[0] = l; o[1] = d; o[2] = b; o[3] = c; }");
    GmRange out = setup.mapped(setup.space().allocate(1));
    Setup.run(
        kernel,
        NdRange.of(1),
        Setup.buffer(out, Access.READ_WRITE),
        Setup.scalar(-7),
        Setup.scalar(0.5f),
        Setup.scalar(true),
        Setup.scalar('A'));
    setup.home(out);
    double[] expected = {-7, 0.5, 1, 65};
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], setup.space().host(out).getAtIndex(ValueLayout.JAVA_DOUBLE, i), 0);
    }
  }

  @Test
  void scalarsThatWouldLoseSomethingAreRefused() {
    GmKernel kernel = setup.kernel("__kernel void k(int i, float f, float4 v) {}");
    GmArgument one = Setup.scalar(1);
    GmArgument half = Setup.scalar(0.5f);
    assertSays(
        rejection(kernel, NdRange.of(1), Setup.scalar(1L), half, half), "index=0", "int i", "Long");
    assertSays(rejection(kernel, NdRange.of(1), half, half, half), "index=0", "Float");
    assertSays(rejection(kernel, NdRange.of(1), one, one, half), "index=1", "float f");
    assertSays(rejection(kernel, NdRange.of(1), one, Setup.scalar(0.5), half), "index=1", "Double");
    assertSays(rejection(kernel, NdRange.of(1), one, half, half), "index=2", "float4", "buffer");
  }

  @Test
  void vectorsOfEveryTypeAndLengthArrive() {
    GmKernel kernel =
        setup.kernel(
            """
            __kernel void k(__global double* out, char2 a, ushort3 b, int4 c, long8 d, float16 e) {
              out[0] = a.x + 10 * a.y;
              out[1] = b.x + 10 * b.y + 100 * b.z;
              out[2] = c.x + 10 * c.y + 100 * c.z + 1000 * c.w;
              out[3] = d.s0 + 10 * d.s7;
              out[4] = e.s0 + 10 * e.sf;
            }
            """);
    GmRange out = setup.mapped(setup.space().allocate(1));
    Setup.run(
        kernel,
        NdRange.of(1),
        Setup.buffer(out, Access.READ_WRITE),
        vector((byte) -1, (byte) 2),
        vector((short) 1, (short) 2, (short) 3),
        vector(1, 2, 3, -4),
        vector(1L, 0L, 0L, 0L, 0L, 0L, 0L, 1L << 40),
        vector(0.5f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0f, 0.25f));
    setup.home(out);
    double[] expected = {19, 321, -3679, 1 + 10.0 * (1L << 40), 3};
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], setup.space().host(out).getAtIndex(ValueLayout.JAVA_DOUBLE, i), 0);
    }
  }

  private static GmArgument vector(Object... components) {
    return new GmArgument.Vector(List.of(components));
  }

  @Test
  void vectorsThatAreNotTheParametersAreRefused() {
    GmKernel kernel = setup.kernel("__kernel void k(float4 v, int n) {}");
    GmArgument one = Setup.scalar(1);
    GmArgument right = vector(1f, 2f, 3f, 4f);
    kernel.validate(NdRange.of(1), List.of(right, one));
    assertSays(rejection(kernel, NdRange.of(1), vector(1f, 2f), one), "index=0", "float4 v");
    assertSays(rejection(kernel, NdRange.of(1), vector(1d, 2d, 3d, 4d), one), "index=0", "Double");
    assertSays(rejection(kernel, NdRange.of(1), vector(1, 2, 3, 4), one), "index=0", "Integer");
    assertSays(rejection(kernel, NdRange.of(1), right, vector(1, 2)), "index=1", "int n");
  }

  // ---- kinds of arguments ----

  @Test
  void wrongCountsAndKindsAreRefused() {
    GmKernel kernel = setup.kernel("__kernel void k(__global int* a, int n, __local int* l) {}");
    GmRange range = setup.space().allocate(1);
    GmArgument buffer = Setup.buffer(range, Access.READ_WRITE);
    GmArgument one = Setup.scalar(1);
    GmArgument local = new GmArgument.Local(4);
    NdRange items = NdRange.of(1);
    assertSays(rejection(kernel, items, buffer, one), "arguments=2", "int* a");
    assertSays(rejection(kernel, items, buffer, one, local, one), "arguments=4");
    assertSays(rejection(kernel, items, one, one, local), "index=0", "READ_WRITE");
    assertSays(rejection(kernel, items, buffer, buffer, local), "index=1", "SCALAR");
    assertSays(rejection(kernel, items, buffer, one, one), "index=2", "LOCAL");
    assertSays(rejection(kernel, items, local, one, local), "index=0");
  }

  @Test
  void imagesAreRefusedByName() {
    GmKernel kernel = setup.kernel("__kernel void k(__read_only image2d_t picture) {}");
    GmRange range = setup.space().allocate(1);
    assertSays(
        rejection(kernel, NdRange.of(1), Setup.buffer(range, Access.READ)), "image2d_t picture");
  }

  @Test
  void localMemoryIsSharedByAGroup() {
    GmKernel kernel =
        setup.kernel(
            "__kernel void sum(__global const int* a, __global int* o, __local int* l) {"
                + " int i = get_local_id(0), n = get_local_size(0); l[i] = a[get_global_id(0)];"
                + " barrier(CLK_LOCAL_MEM_FENCE);"
                + " if (i == 0) { int s = 0; for (int j = 0; j < n; j++) s += l[j];"
                + " o[get_group_id(0)] = s; } }");
    GmRange in = setup.mapped(setup.numbered(1));
    GmRange out = setup.mapped(setup.space().allocate(1));
    Setup.run(
        kernel,
        NdRange.of(256).local(32),
        Setup.buffer(in, Access.READ),
        Setup.buffer(out, Access.READ_WRITE),
        new GmArgument.Local(32 * Integer.BYTES));
    setup.home(out);
    for (int group = 0; group < 8; group++) {
      assertEquals(32 * 32 * group + 31 * 16, setup.hostInt(out, group), "group " + group);
    }
  }

  @Test
  void tooMuchLocalMemoryIsRefused() {
    GmKernel kernel = setup.kernel("__kernel void k(__local int* l) { l[0] = 1; }");
    long most = setup.device().facts().localBytesMax();
    assertSays(
        rejection(kernel, NdRange.of(1), new GmArgument.Local(most + 1)), "localBytesMax=" + most);
  }

  @Test
  void constantMemoryIsReadAndLimited() {
    GmKernel kernel =
        setup.kernel(
            "__kernel void k(__constant int* c, __global int* o) {"
                + " o[get_global_id(0)] = c[get_global_id(0)] + 1; }");
    GmRange in = setup.mapped(setup.numbered(1));
    GmRange out = setup.mapped(setup.space().allocate(1));
    Setup.run(
        kernel,
        NdRange.of(Setup.ints(in)),
        Setup.buffer(in, Access.READ),
        Setup.buffer(out, Access.READ_WRITE));
    setup.assertNumbered(setup.home(out), 1);
    long most = setup.device().facts().constantBytesMax();
    GmArgument large = new GmArgument.Buffer(in, in.address(), most + 1, Access.READ);
    assertSays(
        rejection(kernel, NdRange.of(1), large, Setup.buffer(out, Access.READ_WRITE)),
        "constantBytesMax=" + most);
  }

  // ---- slices ----

  @Test
  void slicesOfEveryAlignmentWork() {
    GmKernel kernel =
        setup.kernel(
            "__kernel void k(__global const uchar* a, __global uchar* b) {"
                + " size_t i = get_global_id(0); b[i] = a[i] ^ 0xFF; }");
    GmRange in = setup.mapped(setup.numbered(2));
    GmRange out = setup.space().allocate(2);
    for (long skew : new long[] {1, 3, 4, 16, 64, 128, 4096, Setup.GRANULE_BYTES - 5}) {
      setup.space().host(out).fill((byte) 9);
      setup.mapped(out);
      Setup.run(
          kernel,
          NdRange.of(1_000),
          Setup.slice(in, skew, 1_000, Access.READ),
          Setup.slice(out, skew + 1, 1_000, Access.WRITE));
      setup.home(out);
      for (long i = 0; i < out.bytes(); i++) {
        boolean inside = i > skew && i <= skew + 1_000;
        byte expected = inside ? (byte) ~byteOf(i - 1) : 9;
        byte actual = setup.space().host(out).get(ValueLayout.JAVA_BYTE, i);
        if (expected != actual) {
          assertEquals(expected, actual, "skew " + skew + " byte " + i);
        }
      }
    }
  }

  /** A byte of ints that count up. */
  private static byte byteOf(long index) {
    return (byte) (index / Integer.BYTES >>> Byte.SIZE * (index % Integer.BYTES));
  }

  @Test
  void twoPartsOfOneAllocationAreTwoArguments() {
    GmKernel kernel =
        setup.kernel(
            "__kernel void k(__global const int* a, __global int* b) {"
                + " b[get_global_id(0)] = a[get_global_id(0)] + 1000000; }");
    for (long half : new long[] {2048, 2052}) {
      GmRange range = setup.mapped(setup.numbered(1));
      Setup.run(
          kernel,
          NdRange.of(100),
          Setup.slice(range, 4, 400, Access.READ),
          Setup.slice(range, half, 400, Access.WRITE));
      setup.home(range);
      assertEquals(1_000_001, setup.hostInt(range, half / 4));
      assertEquals(1_000_100, setup.hostInt(range, half / 4 + 99));
      assertEquals(half / 4 + 100, setup.hostInt(range, half / 4 + 100));
    }
  }

  @Test
  void oneSliceMayBeSeveralArguments() {
    GmKernel kernel =
        setup.kernel(
            "__kernel void k(__global const int* a, __global int* b, __global int* c) {"
                + " int i = get_global_id(0);"
                + " b[i] = a[i] + 1000; c[i] = a[i] + 1000; b[i] += a[i]; }");
    for (long from : new long[] {0, 2048, 2052}) {
      GmRange range = setup.mapped(setup.numbered(1));
      GmArgument read = Setup.slice(range, from, 400, Access.READ);
      GmArgument written = Setup.slice(range, from, 400, Access.OVERWRITE);
      Setup.run(kernel, NdRange.of(100), read, written, written);
      setup.home(range);
      assertEquals(2 * (from / 4 + 2000), setup.hostInt(range, from / 4));
      assertEquals(2 * (from / 4 + 99 + 2000), setup.hostInt(range, from / 4 + 99));
      assertEquals(from / 4 + 100, setup.hostInt(range, from / 4 + 100));
    }
  }

  @Test
  void overlappingSlicesThatWouldBeCopiedApartAreRefused() {
    GmKernel kernel = setup.kernel("__kernel void k(__global int* a, __global int* b) {}");
    GmRange range = setup.mapped(setup.numbered(1));
    GmArgument all = Setup.buffer(range, Access.READ_WRITE);
    GmArgument part = Setup.slice(range, 4, 400, Access.READ);
    if (way == Way.HOST_ADDRESSES) {
      kernel.validate(NdRange.of(1), List.of(all, part));
    } else {
      assertSays(rejection(kernel, NdRange.of(1), all, part), "overlap", "alignmentBytes=");
    }
  }

  // ---- ranges ----

  @Test
  void localSizesThatDoNotFitAreExplained() {
    GmKernel kernel = setup.kernel("__kernel void k(__global int* a) {}");
    GmArgument buffer = Setup.buffer(setup.space().allocate(1), Access.READ_WRITE);
    assertSays(rejection(kernel, NdRange.of(100).local(7), buffer), "divide", "local=[7]");
    long most = setup.device().facts().workItemsMax()[0];
    assertSays(rejection(kernel, NdRange.of(2 * most).local(2 * most), buffer), "limited");
    long group = setup.device().facts().workGroupMax();
    assertSays(rejection(kernel, NdRange.of(group, 2).local(group, 2), buffer), "itemsMax=");
  }

  @Test
  void aKernelCompiledForOneLocalSizeGetsIt() {
    GmKernel kernel =
        setup.kernel(
            "__kernel __attribute__((reqd_work_group_size(8, 1, 1))) void k(__global int* a) {"
                + " a[get_global_id(0)] = get_local_size(0); }");
    GmRange out = setup.mapped(setup.space().allocate(1));
    GmArgument buffer = Setup.buffer(out, Access.READ_WRITE);
    Setup.run(kernel, NdRange.of(64), buffer);
    assertEquals(8, setup.hostInt(setup.home(out), 63));
    assertSays(rejection(kernel, NdRange.of(64).local(4), buffer), "reqd_work_group_size");
    assertSays(rejection(kernel, NdRange.of(63), buffer), "divide");
  }

  @Test
  void theKernelsTimeIsTold() {
    GmKernel kernel =
        setup.kernel(
            "__kernel void k(__global int* a, int n) { int s = 0;"
                + " for (int i = 0; i < n; i++) s = s * 1664525 + a[i & 1023]; a[0] = s; }");
    GmRange range = setup.mapped(setup.numbered(1));
    GmArgument buffer = Setup.buffer(range, Access.READ_WRITE);
    Setup.run(kernel, NdRange.of(1), buffer, Setup.scalar(1));
    long few = Setup.run(kernel, NdRange.of(1), buffer, Setup.scalar(1_000));
    long many = Setup.run(kernel, NdRange.of(1), buffer, Setup.scalar(20_000_000));
    assertTrue(many > 5_000_000 && many > few, "nanoseconds: few=" + few + " many=" + many);
    setup.home(range);
  }

  @Test
  void launchesOfOneKernelOverlapWithArgumentsOfTheirOwn() {
    GmKernel kernel =
        setup.kernel("__kernel void k(__global int* a, int more) { a[get_global_id(0)] += more; }");
    List<GmRange> ranges = new ArrayList<>();
    List<CompletionStage<Long>> launches = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      GmRange range = setup.mapped(setup.numbered(1));
      ranges.add(range);
      launches.add(
          Setup.start(
              kernel,
              NdRange.of(Setup.ints(range)),
              Setup.buffer(range, Access.READ_WRITE),
              Setup.scalar(i)));
    }
    for (int i = 0; i < ranges.size(); i++) {
      launches.get(i).toCompletableFuture().join();
      setup.assertNumbered(setup.home(ranges.get(i)), i);
    }
  }

  @Test
  void whoeverIsToldOfAnEndMayWaitForAnotherLaunch() {
    GmKernel kernel =
        setup.kernel("__kernel void k(__global int* a) { a[get_global_id(0)] += 1; }");
    GmRange range = setup.mapped(setup.numbered(1));
    NdRange items = NdRange.of(Setup.ints(range));
    GmArgument buffer = Setup.buffer(range, Access.READ_WRITE);
    CompletionStage<Long> chain = Setup.start(kernel, items, buffer);
    for (int i = 0; i < 10; i++) {
      chain = chain.thenApply(nanos -> Setup.run(kernel, items, buffer));
    }
    chain.toCompletableFuture().orTimeout(60, TimeUnit.SECONDS).join();
    setup.assertNumbered(setup.home(range), 11);
  }

  @Test
  void replicasAreReadByKernels() {
    GmKernel kernel =
        setup.kernel(
            "__kernel void k(__global const int* a, __global int* b) {"
                + " b[get_global_id(0)] = a[get_global_id(0)]; }");
    GmRange in = setup.numbered(1);
    GmRange out = setup.mapped(setup.space().allocate(1));
    assertEquals(GmStatus.SUCCESS, setup.space().map(in, true, Access.READ));
    Setup.run(
        kernel,
        NdRange.of(Setup.ints(in)),
        Setup.buffer(in, Access.READ),
        Setup.buffer(out, Access.OVERWRITE));
    setup.assertNumbered(setup.home(out), 0);
    assertEquals(GmStatus.SUCCESS, setup.space().unmap(in, false));
  }
}
