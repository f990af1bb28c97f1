package dev.gmem.aparapi;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aparapi.Kernel;
import dev.gmem.Access;
import dev.gmem.Argument;
import dev.gmem.KernelLaunchException;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Binding and launching kernels. */
class JavaKernelIT {
  private static final int COUNT = 64;

  static class Scale extends Kernel {
    float[] in;
    float[] out;
    float[] table = {1, 2, 3};
    float factor = 2;

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = in[i] * factor + table[i % table.length];
    }
  }

  static final class Adds extends Kernel {
    float[] in;
    float[] out;
    float more = 1;

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = in[i] + more + getPassId();
    }
  }

  /** Places of all kinds, by arithmetic on them. */
  static final class Ids extends Kernel {
    final int[] out = new int[4 * 6 * 2 * 7];

    @Override
    public void run() {
      int at =
          (getGlobalId(0) + getGlobalSize(0) * (getGlobalId(1) + getGlobalSize(1) * getGlobalId(2)))
              * 7;
      out[at] = getLocalId(0) + 10 * getLocalId(1) + 100 * getLocalId(2);
      out[at + 1] = getGroupId(0) + 10 * getGroupId(1) + 100 * getGroupId(2);
      out[at + 2] = getLocalSize(0) + 10 * getLocalSize(1) + 100 * getLocalSize(2);
      out[at + 3] = getNumGroups(0) + 10 * getNumGroups(1) + 100 * getNumGroups(2);
      out[at + 4] = getPassId();
      out[at + 5] = getGlobalId() + getLocalId() + getGroupId() + getNumGroups();
      out[at + 6] = getGlobalSize() - getLocalSize();
    }
  }

  /** A product that is added without having been rounded differs by 2^-24, or 2^-53. */
  static final class Rounded extends Kernel {
    final float[] a = {1 + 0x1p-12f, 3};
    final double[] b = {1 + 0x1p-27, 3};

    @Override
    public void run() {
      int i = getGlobalId();
      a[i] = a[i] * a[i] - (1 + 0x1p-11f);
      b[i] = b[i] * b[i] - (1 + 0x1p-26);
    }
  }

  static final class Counters extends Kernel {
    final AtomicInteger[] counters = new AtomicInteger[6];
    final int[] sum = new int[1];

    Counters() {
      for (int i = 0; i < counters.length; i++) {
        counters[i] = new AtomicInteger(50);
      }
    }

    @Override
    public void run() {
      int i = getGlobalId();
      atomicInc(counters[0]);
      atomicAdd(counters[1], i);
      atomicMax(counters[2], i);
      atomicMin(counters[3], i);
      atomicXor(counters[4], i);
      atomicDec(counters[5]);
      atomicAdd(sum, 0, i);
    }
  }

  /** What is called through the kernel is found where Java finds it. */
  abstract static class Shape extends Kernel {
    final double[] out = new double[40];
    protected double unit = 1.5;

    protected double area(int i) {
      return -1;
    }

    protected double doubled(int i) {
      return 2 * area(i);
    }

    private double hidden(int i) {
      return i;
    }

    protected double offset(int i) {
      return 7 - i;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = doubled(i) + hidden(i) + offset(i) + Circles.scaled(out, i, unit);
    }
  }

  static final class Circles extends Shape {
    @Override
    protected double area(int i) {
      return half(i) * i * Math.PI;
    }

    @Override
    protected double doubled(int i) {
      return super.doubled(i) + unit;
    }

    private double half(int i) {
      return i + 0.5;
    }

    static double scaled(double[] array, int at, double by) {
      return array[at] * by;
    }
  }

  static final class TwoDimensionalTile extends Kernel {
    final int[] a = new int[4];
    @Local int[][] tile = new int[2][2];

    @Override
    public void run() {
      tile[0][0] = 1;
      a[0] = tile[0][0];
    }
  }

  static final class Divergent extends Kernel {
    int[] a;

    @Override
    public void run() {
      if (getLocalId() > 1) {
        localBarrier();
      }
      a[getGlobalId()] = 1;
    }
  }

  static final class OutOfBounds extends Kernel {
    int[] a;

    @Override
    public void run() {
      int next = getGlobalId();
      next++;
      a[next] = 1;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void idsOfThreeDimensionsAreThose(String id) {
    try (Places places = Places.open(id)) {
      places.check(new Ids(), NdRange.of(4, 6, 2).local(2, 3, 1), 0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void atomicsCount(String id) {
    try (Places places = Places.open(id)) {
      places.check(new Counters(), NdRange.of(100), 0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void productsAreRoundedBeforeTheyAreAdded(String id) {
    try (Places places = Places.open(id)) {
      places.check(new Rounded(), NdRange.of(2), 0);
    }
  }

  /** Whether they are is the device's choice. */
  @Test
  void productsMayBeFusedWhereThatIsAllowed() {
    try (Places places = Places.open(Places.OPENCL);
        Arena arena = places.space().arena();
        JavaKernel kernel = JavaKernel.of(places.space(), new Rounded(), Products.FUSED);
        JavaKernel exact = JavaKernel.of(places.space(), new Rounded())) {
      MemorySegment a = arena.allocateFrom(JAVA_FLOAT, 1 + 0x1p-12f, 3);
      MemorySegment b = arena.allocateFrom(JAVA_DOUBLE, 1 + 0x1p-27, 3);
      kernel.bind("a", a).bind("b", b).launch(places.device(), NdRange.of(2)).join();
      assertThat(a.getAtIndex(JAVA_FLOAT, 0)).isIn(0f, 0x1p-24f);
      assertThat(b.getAtIndex(JAVA_DOUBLE, 0)).isIn(0.0, 0x1p-54);
      assertThat(kernel.openCl()).doesNotContain("FP_CONTRACT");
      assertThat(exact.openCl()).isEqualTo("#pragma OPENCL FP_CONTRACT OFF\n" + kernel.openCl());
    }
  }

  /** What is launched again as it was is not worked out again; what has changed is. */
  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void launchesThatDifferInOneThingDiffer(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena()) {
      MemorySegment in = arena.allocate(JAVA_FLOAT, COUNT);
      MemorySegment other = arena.allocate(JAVA_FLOAT, COUNT);
      MemorySegment out = arena.allocate(JAVA_FLOAT, COUNT);
      in.fill((byte) 63);
      Adds adds = new Adds();
      try (JavaKernel kernel = JavaKernel.of(places.space(), adds)) {
        kernel.bind("in", in).bind("out", out);
        Runnable twice =
            () -> {
              for (int i = 0; i < 2; i++) {
                kernel.launch(places.device(), NdRange.of(COUNT)).join();
              }
            };
        float x = in.getAtIndex(JAVA_FLOAT, 0);
        twice.run();
        assertThat(out.getAtIndex(JAVA_FLOAT, 9)).isEqualTo(x + 1);
        adds.more = 5;
        twice.run();
        assertThat(out.getAtIndex(JAVA_FLOAT, 9)).isEqualTo(x + 5);
        kernel.bind("in", other);
        twice.run();
        assertThat(out.getAtIndex(JAVA_FLOAT, 9)).isEqualTo(5);
        kernel.launch(places.device(), NdRange.of(COUNT), 2).join();
        assertThat(out.getAtIndex(JAVA_FLOAT, 9)).isEqualTo(7);
        kernel.bind("in", in.asSlice(0, 4));
        assertThatThrownBy(twice::run)
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("reach beyond an array");
        kernel.bind("in", other).launch(places.device(), NdRange.of(COUNT)).join();
        assertThatThrownBy(() -> kernel.launch(places.device(), NdRange.of(COUNT + 1)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("reach beyond an array");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void methodsAreThoseThatJavaWouldCall(String id) {
    try (Places places = Places.open(id)) {
      places.check(new Circles(), NdRange.of(40), 1e-12);
    }
  }

  @Test
  void localArraysOfArraysAreRefused() {
    assertThatThrownBy(() -> Translation.of(TwoDimensionalTile.class))
        .isInstanceOf(KernelTranslationException.class)
        .hasMessageContaining("local and private arrays have one dimension: field=tile");
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void scalarsAndTablesAreReadAtEachLaunch(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena()) {
      MemorySegment in = arena.allocate(JAVA_FLOAT, COUNT);
      MemorySegment out = arena.allocate(JAVA_FLOAT, COUNT);
      in.setAtIndex(JAVA_FLOAT, 4, 10);
      Scale scale = new Scale();
      try (JavaKernel kernel = JavaKernel.of(places.space(), scale)) {
        kernel.bind("in", in).bind("out", out, Access.OVERWRITE);
        kernel.launch(places.device(), NdRange.of(COUNT)).join();
        assertThat(out.getAtIndex(JAVA_FLOAT, 4)).isEqualTo(22);
        scale.factor = 5;
        scale.table[1] = 7;
        kernel.launch(places.device(), NdRange.of(COUNT)).join();
        assertThat(out.getAtIndex(JAVA_FLOAT, 4)).isEqualTo(57);
        scale.table = new float[] {4, 5};
        kernel.launch(places.device(), NdRange.of(COUNT)).join();
        assertThat(out.getAtIndex(JAVA_FLOAT, 4)).isEqualTo(54);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void arraysThatAreOnlyReadStayWithTheHostToo(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena()) {
      MemorySegment in = arena.allocate(JAVA_FLOAT, 4096);
      MemorySegment out = arena.allocate(JAVA_FLOAT, 4096);
      in.fill((byte) 1);
      out.fill((byte) 1);
      try (JavaKernel kernel = JavaKernel.of(places.space(), new Scale())) {
        kernel.bind("in", in).bind("out", out);
        kernel.launch(places.device(), NdRange.of(4096)).join();
      }
      assertThat(places.space().residency(in).extents())
          .allSatisfy(extent -> assertThat(extent.state()).isEqualTo(PageState.SHARED));
      assertThat(places.space().residency(out).extents())
          .allSatisfy(extent -> assertThat(extent.state()).isEqualTo(PageState.DEVICE));
    }
  }

  static final class Fills extends Kernel {
    int[] values;
    int all;

    @Override
    public void run() {
      int i = getGlobalId();
      if (i < all) {
        values[i] = i;
      }
    }
  }

  static final class FillsAll extends Kernel {
    int[] values;

    @Override
    public void run() {
      values[getGlobalId()] = 7;
    }
  }

  private static long copiedIn(Places places, Kernel filling) {
    int items = 16_384;
    try (Arena arena = places.space().arena();
        JavaKernel kernel = JavaKernel.of(places.space(), filling)) {
      MemorySegment values = arena.allocate(JAVA_INT, items);
      values.fill((byte) 1);
      kernel.bind("values", values).launch(places.device(), NdRange.of(items)).join();
      assertThat(values.getAtIndex(JAVA_INT, items - 1))
          .isEqualTo(filling instanceof FillsAll ? 7 : 0x0101_0101);
      return places.space().statistics(values).bytesToDevices();
    }
  }

  /** On the simulator granules move as items touch them, which do not know what others will. */
  @Test
  void onlyWhatMayKeepPartsOfItsContentsIsCopiedIn() {
    try (Places places = Places.open(Places.OPENCL)) {
      assertThat(copiedIn(places, new FillsAll())).isZero();
      Fills some = new Fills();
      some.all = 16_383;
      assertThat(copiedIn(places, some)).isEqualTo(65_536);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void argumentsMayHaveAnOrder(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena()) {
      MemorySegment in = arena.allocate(JAVA_FLOAT, COUNT);
      MemorySegment out = arena.allocate(JAVA_FLOAT, COUNT);
      in.setAtIndex(JAVA_FLOAT, 4, 10);
      Scale scale = new Scale();
      try (JavaKernel kernel = JavaKernel.of(places.space(), scale)) {
        dev.gmem.Kernel ordered = kernel.on(places.device(), "out", "factor", "in");
        assertThat(ordered.name()).isEqualTo(Scale.class.getName());
        assertThat(ordered.device()).isSameAs(places.device());
        ordered.launch(NdRange.of(COUNT), Argument.overwrite(out), 5f, in).join();
        assertThat(out.getAtIndex(JAVA_FLOAT, 4)).isEqualTo(52);
        assertThat(scale.factor).isEqualTo(2);
        kernel.bind("in", in);
        kernel.on(places.device(), "out").launch(NdRange.of(COUNT), out).join();
        assertThat(out.getAtIndex(JAVA_FLOAT, 4)).isEqualTo(22);
        assertThatThrownBy(() -> ordered.launch(NdRange.of(COUNT), out, 5f))
            .hasMessageContaining("arguments=2 expected=3");
        assertThatThrownBy(() -> ordered.launch(NdRange.of(COUNT), out, 5, in))
            .hasMessageContaining("field=factor type=float argument=5");
        assertThatThrownBy(() -> ordered.launch(NdRange.of(COUNT), 1, 5f, in))
            .hasMessageContaining("field=out argument=1");
        assertThatThrownBy(() -> kernel.on(places.device(), "none"))
            .hasMessageContaining("field=none fields=");
      }
    }
  }

  @Test
  void memoryOfAnotherSpaceIsNotBound() {
    try (Places places = Places.open(Places.SIM);
        Arena arena = Arena.ofConfined();
        JavaKernel kernel = JavaKernel.of(places.space(), new Scale())) {
      MemorySegment foreign = arena.allocate(JAVA_FLOAT, COUNT);
      assertThatThrownBy(() -> kernel.bind("in", foreign))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("unified memory of this space")
          .hasMessageContaining("field=in");
    }
  }

  @Test
  void whatIsNotBoundIsNamed() {
    try (Places places = Places.open(Places.SIM);
        Arena arena = places.space().arena()) {
      Scale scale = new Scale();
      try (JavaKernel kernel = JavaKernel.of(places.space(), scale)) {
        assertThatThrownBy(() -> kernel.launch(places.device(), NdRange.of(1)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("must be bound")
            .hasMessageContaining("field=");
        kernel.bind("in", arena.allocate(JAVA_FLOAT, COUNT));
        scale.out = new float[COUNT];
        assertThatThrownBy(() -> kernel.launch(places.device(), NdRange.of(1)))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("on the heap can only be read")
            .hasMessageContaining("field=out");
      }
    }
  }

  @Test
  void whatDoesNotFitIsNotBound() {
    try (Places places = Places.open(Places.SIM);
        Arena arena = places.space().arena();
        JavaKernel kernel = JavaKernel.of(places.space(), new Scale())) {
      MemorySegment odd = arena.allocate(10);
      MemorySegment even = arena.allocate(16);
      assertThatThrownBy(() -> kernel.bind("in", odd))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a multiple of an element's")
          .hasMessageContaining("elementBytes=4")
          .hasMessageContaining("segmentBytes=10");
      assertThatThrownBy(() -> kernel.bind("factor", even))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a scalar is not bound")
          .hasMessageContaining("field=factor");
      assertThatThrownBy(() -> kernel.bind("out", even.asReadOnly()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("the segment is read-only")
          .hasMessageContaining("field=out");
      assertThatThrownBy(() -> kernel.bind("none", even))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("no such array field")
          .hasMessageContaining("table");
      assertThatThrownBy(() -> kernel.bind("in", even, Access.WRITE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("only reads");
      assertThatThrownBy(() -> kernel.bind("in", even, 2, 2))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a length for each dimension");
    }
  }

  @Test
  void theSimulatorChecksBoundsAndNamesTheLine() {
    try (Places places = Places.open(Places.SIM);
        Arena arena = places.space().arena();
        JavaKernel kernel = JavaKernel.of(places.space(), new OutOfBounds())) {
      kernel.bind("a", arena.allocate(JAVA_INT, COUNT));
      assertThatThrownBy(() -> kernel.launch(places.device(), NdRange.of(COUNT)).join())
          .isInstanceOf(KernelLaunchException.class)
          .rootCause()
          .isInstanceOf(ArrayIndexOutOfBoundsException.class)
          .hasMessageContaining("length 64")
          .hasMessageContaining("array=a")
          .satisfies(
              failure ->
                  assertThat(failure.getStackTrace())
                      .anySatisfy(
                          frame -> {
                            assertThat(frame.getFileName()).isEqualTo("JavaKernelIT.java");
                            assertThat(frame.getMethodName()).endsWith("run");
                          }));
    }
  }

  @Test
  void theSimulatorNoticesBarriersThatNotAllItemsReach() {
    try (Places places = Places.open(Places.SIM);
        Arena arena = places.space().arena();
        JavaKernel kernel = JavaKernel.of(places.space(), new Divergent())) {
      kernel.bind("a", arena.allocate(JAVA_INT, COUNT));
      assertThatThrownBy(() -> kernel.launch(places.device(), NdRange.of(COUNT).local(8)).join())
          .hasStackTraceContaining("must all reach a barrier, or none")
          .hasStackTraceContaining("waiting=6 ended=2");
      assertThatThrownBy(() -> kernel.launch(places.device(), NdRange.of(COUNT).local(7)).join())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("the local size must divide the global size");
    }
  }
}
