package dev.gmem.aparapi;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lambdas over unified memory give on every device what they give when they are called. */
class MapKernelIT {
  private static final int COUNT = 5000;

  private static int clamp(int x, int limit) {
    return Math.max(-limit, Math.min(x, limit));
  }

  private static int collatz(int start) {
    int x = start & 1023;
    int steps = 0;
    while (x > 1) {
      x = x % 2 == 0 ? x / 2 : 3 * x + 1;
      steps++;
    }
    return steps;
  }

  private static MemorySegment ints(Arena arena, int factor) {
    MemorySegment segment = arena.allocate(JAVA_INT, COUNT);
    for (int i = 0; i < COUNT; i++) {
      segment.setAtIndex(JAVA_INT, i, i * factor);
    }
    return segment;
  }

  private static void check(
      Places places, MapKernel.IntUnary function, MemorySegment in, MemorySegment out) {
    int[] before = in.toArray(JAVA_INT);
    try (MapKernel map = MapKernel.ofInts(places.space(), function)) {
      map.launch(places.device(), in, out).join();
    }
    for (int i = 0; i < COUNT; i++) {
      assertThat(out.getAtIndex(JAVA_INT, i)).isEqualTo(function.apply(before[i]));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void elementsAreThoseOfPlainJava(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena()) {
      MemorySegment in = ints(arena, 0x9E37_79B9);
      MemorySegment out = arena.allocate(JAVA_INT, COUNT);
      int limit = 1 << 20;
      byte step = -3;
      boolean even = true;
      check(places, x -> clamp(x, limit) + (even && x % 2 == 0 ? step : 0), in, out);
      check(places, MapKernelIT::collatz, in, out);
      check(places, Integer::bitCount, in, out);
      check(places, x -> 7, in, out);
      check(places, x -> x * 31 + 1, in, in);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void capturedValuesAreThoseOfTheLambdaAndCapturedArraysThoseOfTheLaunch(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena()) {
      MemorySegment in = ints(arena, 1);
      MemorySegment out = arena.allocate(JAVA_INT, COUNT);
      for (int factor = 1; factor < 4; factor++) {
        int now = factor;
        check(places, x -> x * now, in, out);
      }
      int[] table = {5, 6, 7};
      try (MapKernel map = MapKernel.ofInts(places.space(), x -> table[x % 3])) {
        map.launch(places.device(), in, out).join();
        assertThat(out.getAtIndex(JAVA_INT, 4)).isEqualTo(6);
        table[1] = 60;
        map.launch(places.device(), in, out).join();
        assertThat(out.getAtIndex(JAVA_INT, 4)).isEqualTo(60);
      }
      MapKernel.IntUnary writes =
          x -> {
            table[x % 3] = x;
            return x;
          };
      try (MapKernel map = MapKernel.ofInts(places.space(), writes)) {
        assertThatThrownBy(() -> map.launch(places.device(), in, out))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("an array on the heap can only be read")
            .hasMessageContaining("field=captured1");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void twoInputsAndEveryTypeAreMapped(String id) {
    try (Places places = Places.open(id);
        Arena arena = places.space().arena()) {
      MemorySegment wide = arena.allocate(JAVA_LONG, COUNT);
      MemorySegment other = arena.allocate(JAVA_LONG, COUNT);
      for (int i = 0; i < COUNT; i++) {
        wide.setAtIndex(JAVA_LONG, i, i * 0x1234_5678_9ABCL);
        other.setAtIndex(JAVA_LONG, i, -i);
      }
      MemorySegment out = arena.allocate(JAVA_LONG, COUNT);
      long bias = 1L << 40;
      try (MapKernel map = MapKernel.ofLongs(places.space(), (a, b) -> (a ^ b) + bias)) {
        map.launch(places.device(), wide, other, out).join();
        assertThat(out.getAtIndex(JAVA_LONG, 77)).isEqualTo((77 * 0x1234_5678_9ABCL ^ -77) + bias);
        map.launch(places.device(), wide, wide, wide).join();
        assertThat(wide.getAtIndex(JAVA_LONG, 77)).isEqualTo(bias);
        assertThatThrownBy(() -> map.launch(places.device(), wide, out))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("arguments=2 inputs=1");
      }
      MemorySegment doubles = arena.allocate(JAVA_DOUBLE, COUNT);
      doubles.fill((byte) 63);
      double before = doubles.getAtIndex(JAVA_DOUBLE, 9);
      try (MapKernel map = MapKernel.ofDoubles(places.space(), Math::sqrt)) {
        map.launch(places.device(), doubles, doubles).join();
      }
      assertThat(doubles.getAtIndex(JAVA_DOUBLE, 9)).isEqualTo(Math.sqrt(before));
      MemorySegment floats = arena.allocate(JAVA_FLOAT, COUNT);
      floats.setAtIndex(JAVA_FLOAT, 5, 0.75f);
      try (MapKernel map = MapKernel.ofFloats(places.space(), (a, b) -> Math.max(a, -b) + 0.5f)) {
        map.launch(places.device(), floats, floats, floats).join();
      }
      assertThat(floats.getAtIndex(JAVA_FLOAT, 5)).isEqualTo(1.25f);
      // A method that takes and returns what is wider and narrower than the elements.
      try (MapKernel map = MapKernel.ofLongs(places.space(), (MapKernel.LongUnary) Long::signum)) {
        map.launch(places.device(), other, other).join();
      }
      assertThat(other.getAtIndex(JAVA_LONG, 5)).isEqualTo(-1);
    }
  }

  @Test
  void segmentsThatDoNotFitAreRefused() {
    try (Places places = Places.open(Places.SIM);
        Arena arena = places.space().arena();
        MapKernel map = MapKernel.ofInts(places.space(), x -> x + 1)) {
      MemorySegment ints = ints(arena, 1);
      assertThatThrownBy(
              () -> map.launch(places.device(), ints, arena.allocate(JAVA_INT, COUNT - 1)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("a map has as many results as elements")
          .hasMessageContaining("inBytes=20000 outBytes=19996");
      assertThatThrownBy(() -> map.launch(places.device(), ints.asSlice(0, 0), ints.asSlice(0, 0)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("at least one");
      assertThatThrownBy(
              () -> map.launch(places.device(), ints.asSlice(0, 10), ints.asSlice(16, 10)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("elementBytes=4")
          .hasMessageContaining("segmentBytes=10");
      assertThatThrownBy(
              () -> map.launch(places.device(), ints.asSlice(0, 400), ints.asSlice(200, 400)))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("arrays that overlap, one of them written, must be the same");
      assertThatThrownBy(() -> map.launch(places.device(), MemorySegment.ofArray(new int[8]), ints))
          .isInstanceOf(IllegalArgumentException.class);
      MemorySegment foreign = Arena.ofAuto().allocate(JAVA_INT, COUNT);
      assertThatThrownBy(() -> map.launch(places.device(), foreign, ints))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("must be unified memory of this space");
      map.launch(places.device(), ints, ints).join();
      assertThat(ints.getAtIndex(JAVA_INT, 3)).isEqualTo(4);
    }
  }

  /** What was in the output is not moved to the device. */
  @Test
  void theOutputIsOverwritten() {
    try (Places places = Places.open(Places.OPENCL);
        Arena arena = places.space().arena();
        MapKernel map = MapKernel.ofInts(places.space(), x -> x + 1)) {
      MemorySegment in = arena.allocate(16_384);
      MemorySegment out = arena.allocate(16_384);
      in.fill((byte) 1);
      out.fill((byte) 1);
      map.launch(places.device(), in, out).join();
      assertThat(places.space().statistics(in).bytesToDevices()).isEqualTo(16_384);
      assertThat(places.space().statistics(out).bytesToDevices()).isZero();
    }
  }

  /** Translation happens once for a place in the source; later lambdas of it find all compiled. */
  @Test
  void aLambdaThatIsMadeAgainIsNotTranslatedAgain() {
    try (Places places = Places.open(Places.SIM);
        Arena arena = places.space().arena()) {
      MemorySegment in = ints(arena, 1);
      MemorySegment out = arena.allocate(JAVA_INT, COUNT);
      for (int i = 0; i < 3; i++) {
        int now = i;
        MadeClasses made =
            MadeClasses.during(
                () -> {
                  try (MapKernel map = MapKernel.ofInts(places.space(), x -> x - now)) {
                    map.launch(places.device(), in, out).join();
                  }
                });
        assertThat(made).isEqualTo(i == 0 ? new MadeClasses(1, 1) : MadeClasses.NONE);
      }
    }
  }
}
