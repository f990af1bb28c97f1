package dev.gmem.aparapi;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aparapi.Kernel;
import dev.gmem.NdRange;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two fields share memory as in Java, where they hold one array or two, or the launch is refused.
 */
class AliasesIT {
  private static final int COUNT = 1000;

  static final class Adds extends Kernel {
    int[] first;
    int[] second;
    int[] sums;

    @Override
    public void run() {
      int i = getGlobalId();
      sums[i] = first[i] + 2 * second[i];
    }
  }

  /** What it reads through one field it has just written through another. */
  static final class Rereads extends Kernel {
    int[] in;
    int[] out;
    int[] seen;

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = in[i] * 3;
      seen[i] = in[i] + 1;
      out[i] = seen[i] * 2;
      seen[i] += in[i];
    }
  }

  static final class Converts extends Kernel {
    float[] from;
    int[] to;

    @Override
    public void run() {
      int i = getGlobalId();
      to[i] = (int) from[i];
    }
  }

  static final class Looks extends Kernel {
    @Constant int[] table;
    int[] out;

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = table[i & 3];
    }
  }

  private static MemorySegment numbered(Arena arena, int count) {
    MemorySegment segment = arena.allocate(4L * count, 4096);
    for (int i = 0; i < count; i++) {
      segment.setAtIndex(JAVA_INT, i, i + 1);
    }
    return segment;
  }

  private static int[] ints(MemorySegment segment) {
    return segment.toArray(JAVA_INT);
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void whatIsOnlyReadMayOverlap(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena();
        JavaKernel java = JavaKernel.of(places.space(), new Adds())) {
      MemorySegment in = numbered(arena, COUNT + 1);
      MemorySegment sums = numbered(arena, COUNT);
      for (int shift : new int[] {0, 1}) {
        java.bind("first", in.asSlice(0, 4L * COUNT));
        java.bind("second", in.asSlice(4L * shift, 4L * COUNT)).bind("sums", sums);
        java.launch(places.device(), NdRange.of(COUNT)).join();
        for (int i = 0; i < COUNT; i++) {
          assertThat(sums.getAtIndex(JAVA_INT, i)).isEqualTo(i + 1 + 2 * (i + 1 + shift));
        }
      }
    }
  }

  /** Slices that begin at an allocation, at what devices align to, and in between. */
  @ParameterizedTest
  @CsvSource({
    Places.SIM + ",0", Places.SIM + ",4096", Places.SIM + ",4100",
    Places.OPENCL + ",0", Places.OPENCL + ",4096", Places.OPENCL + ",4100"
  })
  void oneSegmentInTwoFieldsIsOneArray(String id, long offset) {
    Rereads plain = new Rereads();
    plain.in = new int[COUNT];
    Arrays.setAll(plain.in, i -> i + 1 + (int) (offset / 4));
    plain.out = plain.in;
    plain.seen = new int[COUNT];
    PlainRun.run(plain, NdRange.of(COUNT), 0, false);
    try (Places places = Places.open(id);
        Arena arena = places.space().arena();
        JavaKernel java = JavaKernel.of(places.space(), new Rereads())) {
      MemorySegment all = numbered(arena, 3 * COUNT);
      MemorySegment one = all.asSlice(offset, 4L * COUNT);
      MemorySegment seen = numbered(arena, COUNT);
      java.bind("in", one).bind("out", all.asSlice(offset, 4L * COUNT)).bind("seen", seen);
      java.launch(places.device(), NdRange.of(COUNT)).join();
      assertThat(ints(seen)).isEqualTo(plain.seen);
      assertThat(ints(one)).isEqualTo(plain.out);
      int next = (int) (offset / 4) + COUNT;
      assertThat(all.getAtIndex(JAVA_INT, next)).isEqualTo(next + 1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void threeFieldsMayBeOneArray(String id) {
    Rereads plain = new Rereads();
    plain.in = new int[COUNT];
    Arrays.setAll(plain.in, i -> i + 1);
    plain.out = plain.in;
    plain.seen = plain.in;
    PlainRun.run(plain, NdRange.of(COUNT), 0, false);
    try (Places places = Places.open(id);
        Arena arena = places.space().arena();
        JavaKernel java = JavaKernel.of(places.space(), new Rereads())) {
      MemorySegment one = numbered(arena, COUNT);
      java.bind("in", one).bind("out", one).bind("seen", one);
      java.launch(places.device(), NdRange.of(COUNT)).join();
      assertThat(ints(one)).isEqualTo(plain.in);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void whatIsWrittenMustNotOverlapInPart(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena();
        JavaKernel java = JavaKernel.of(places.space(), new Rereads())) {
      MemorySegment all = numbered(arena, 2 * COUNT);
      MemorySegment seen = numbered(arena, COUNT);
      java.bind("in", all.asSlice(0, 4L * COUNT)).bind("seen", seen);
      for (long from : new long[] {4, 64, 4L * COUNT - 4}) {
        java.bind("out", all.asSlice(from, 4L * COUNT));
        assertThatThrownBy(() -> java.launch(places.device(), NdRange.of(COUNT)))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("arrays that overlap, one of them written, must be the same")
            .hasMessageContaining("bind one segment to both fields")
            .hasMessageContaining("kernel=" + Rereads.class.getName())
            .hasMessageContaining("int[] in READ address=0x")
            .hasMessageContaining("int[] out ")
            .hasMessageContaining("bytes=" + 4 * COUNT);
      }
      assertThat(ints(all)).isEqualTo(ints(numbered(arena, 2 * COUNT)));
      java.bind("out", all.asSlice(4L * COUNT)).launch(places.device(), NdRange.of(COUNT)).join();
      assertThat(all.getAtIndex(JAVA_INT, COUNT)).isEqualTo(4);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void argumentsInAnOrderAreNoWayAround(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena();
        JavaKernel java = JavaKernel.of(places.space(), new Rereads())) {
      MemorySegment all = numbered(arena, COUNT + 1);
      java.bind("seen", numbered(arena, COUNT));
      dev.gmem.Kernel ordered = java.on(places.device(), "in", "out");
      MemorySegment in = all.asSlice(0, 4L * COUNT);
      assertThatThrownBy(() -> ordered.launch(NdRange.of(COUNT), in, all.asSlice(4)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must be the same");
      ordered.launch(NdRange.of(COUNT), in, in).join();
      assertThat(all.getAtIndex(JAVA_INT, 0)).isEqualTo(8);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void memoryThatIsWrittenHasOneType(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena();
        JavaKernel java = JavaKernel.of(places.space(), new Converts())) {
      MemorySegment one = arena.allocate(JAVA_FLOAT, COUNT);
      java.bind("from", one).bind("to", one);
      assertThatThrownBy(() -> java.launch(places.device(), NdRange.of(COUNT)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must have elements of the same type")
          .hasMessageContaining("float[] from READ")
          .hasMessageContaining("int[] to ");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void constantMemoryIsNotWritten(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena();
        JavaKernel java = JavaKernel.of(places.space(), new Looks())) {
      MemorySegment one = numbered(arena, COUNT);
      java.bind("table", one).bind("out", one);
      assertThatThrownBy(() -> java.launch(places.device(), NdRange.of(COUNT)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("constant memory must not be written through another field")
          .hasMessageContaining("int[] table READ");
    }
  }
}
