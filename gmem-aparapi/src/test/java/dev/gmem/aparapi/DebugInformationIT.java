package dev.gmem.aparapi;

import dev.gmem.NdRange;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Kernels mean what they mean as plain Java, whatever their class files say of variables. */
class DebugInformationIT {
  private static final String SOURCE =
      """
      public class Keeps extends com.aparapi.Kernel {
        final int[] in = new int[48];
        final int[] out = new int[48];
        final long[] longs = new long[48];
        final float[] floats = new float[48];
        final boolean[] flags = new boolean[48];
        @Local final int[] tile = new int[8];

        public Keeps() {
          for (int i = 0; i < 48; i++) { in[i] = i * 37 % 11; longs[i] = i; flags[i] = i % 3 == 0; }
        }

        static int sum(int[] of, int n) {
          int all = 0;
          for (int k = 0; k < n; k++) { all += of[k] << k; }
          n = all;
          return n;
        }

        static int last(int[] given, int n, long step) {
          int at = n - 1;
          for (long k = 0; k < step; k += 2) { at -= given[at] > 3 ? 1 : 0; }
          return given[at];
        }

        public void run() {
          int i = getGlobalId();
          int[] kept = in;
          int chosen;
          if (kept[i] > 3) { float half = kept[i] / 2f; chosen = (int) half; floats[i] = half; }
          else { long wide = longs[i] << 33; chosen = (int) (wide >> 31); longs[i] = wide; }
          tile[getLocalId()] = kept[i];
          localBarrier();
          int all = 0;
          for (int k = 0; k < 3; k++) {
            int[] work = new int[3];
            work[k] += i + 1;
            all += sum(work, 3);
          }
          for (double k = chosen; k > 0; k -= 1.5) { all++; }
          boolean odd = (i & 1) == 1 && flags[i];
          if (odd) { int[] either = i > 20 ? kept : in; all -= either[i]; }
          flags[i] = !odd;
          out[i] = all + chosen * 1000 + last(tile, 8, 4L);
        }
      }
      """;

  @TempDir static Path folder;

  static Stream<Arguments> compiled() {
    return Stream.of("-g", "-g:none", "-g:source,lines", "-g:vars")
        .flatMap(
            option ->
                Stream.of(Places.SIM, Places.OPENCL).map(device -> Arguments.of(option, device)));
  }

  @ParameterizedTest
  @MethodSource("compiled")
  void kernelsMeanWhatJavaMeans(String option, String device) {
    Path place = folder.resolve(option.replace(':', '_'));
    place.toFile().mkdirs();
    Sources.compile(place, "Keeps", SOURCE, option);
    try (Places places = Places.open(device)) {
      places.check(Sources.load(place, "Keeps"), NdRange.of(48).local(8), 0);
    }
  }
}
