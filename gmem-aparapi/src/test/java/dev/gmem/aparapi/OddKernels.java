package dev.gmem.aparapi;

import com.aparapi.Kernel;

/** Kernels of which a translator to C would easily make something else. */
@SuppressWarnings("lossy-conversions") // it is what some are about
final class OddKernels {
  static final int COUNT = 48;

  private OddKernels() {}

  /** Numbers at the ends of their ranges among others. */
  abstract static class Numbers extends Kernel {
    final int[] ints = new int[COUNT];
    final long[] longs = new long[COUNT];
    final float[] floats = new float[COUNT];
    final double[] doubles = new double[COUNT];
    final byte[] bytes = new byte[COUNT];
    final short[] shorts = new short[COUNT];
    final char[] chars = new char[COUNT];
    final boolean[] booleans = new boolean[COUNT];
    final int[] out = new int[COUNT];
    final int[] more = new int[COUNT];
    final long[] large = new long[COUNT];

    Numbers() {
      int[] edges = {
        0, 1, -1, Integer.MAX_VALUE, Integer.MIN_VALUE, 7, -7, 0x8000, 0xffff, 255, 128
      };
      float[] reals = {
        0f,
        -0f,
        1.5f,
        -1.5f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        3e9f,
        -3e9f,
        1e20f,
        Float.MIN_VALUE,
        0.99999f,
        Float.MAX_VALUE
      };
      for (int i = 0; i < COUNT; i++) {
        ints[i] = edges[i % edges.length] + i / edges.length;
        longs[i] = ((long) edges[(i * 3) % edges.length] << 31) * (i % 5) - i;
        floats[i] = reals[i % reals.length];
        doubles[i] = reals[(i * 5) % reals.length] * 1.000001;
        bytes[i] = (byte) (i * 37 - 128);
        shorts[i] = (short) (i * 7919);
        chars[i] = (char) (i * 7919 + 60_000);
        booleans[i] = i % 3 == 0;
      }
    }
  }

  static final class Comparisons extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      float x = floats[i];
      float y = floats[(i * 7 + 1) % COUNT];
      double d = doubles[i];
      double e = doubles[(i * 11 + 2) % COUNT];
      int bits = 0;
      if (x < y) {
        bits |= 1;
      }
      if (!(x < y)) {
        bits |= 2;
      }
      if (x <= y) {
        bits |= 4;
      }
      if (!(x <= y)) {
        bits |= 8;
      }
      if (x > y) {
        bits |= 16;
      } else {
        bits |= 32;
      }
      if (!(x >= y)) {
        bits |= 64;
      }
      if (x == y) {
        bits |= 128;
      }
      if (!(x == y)) {
        bits |= 256;
      }
      if (x != y) {
        bits |= 512;
      }
      if (!(d < e) || !(d >= x)) {
        bits |= 1024;
      }
      if (!(d > e) && !(d <= x)) {
        bits |= 2048;
      }
      out[i] = bits + (!(d < e) ? 4096 : 8192) + (d >= e ? 16_384 : 32_768);
      boolean same = !(x > y);
      booleans[i] = same;
    }
  }

  static final class NotANumberLoop extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      float limit = floats[i];
      int steps = 0;
      float at = 0;
      while (!(at >= limit) && steps < 9) {
        at += 1;
        steps++;
      }
      for (float f = 0; !(f > limit) && steps < 20; f += 1) {
        steps += 2;
      }
      out[i] = steps;
    }
  }

  static final class Conversions extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = (int) floats[i] ^ (int) doubles[i];
      large[i] = (long) floats[i] + (long) doubles[i];
      bytes[i] = (byte) floats[i];
      shorts[i] = (short) doubles[i];
      chars[i] = (char) floats[i];
      ints[i] = (byte) longs[i] + (short) longs[i] + (char) longs[i] + (int) longs[i];
      floats[i] = (float) longs[i];
      doubles[i] = longs[i];
    }
  }

  static final class CompoundAssignments extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      byte b = bytes[i];
      short s = shorts[i];
      char c = chars[i];
      int k = ints[i];
      long l = longs[i];
      b += 100;
      b *= 3;
      b >>>= 1;
      b++;
      s -= 30_000;
      s <<= 3;
      s >>>= 2;
      s--;
      c += 70_000;
      c -= 'a';
      c >>= 1;
      c++;
      k += 1.75;
      k *= 2.5f;
      k -= l;
      l += k;
      l *= 3;
      l >>>= 3;
      k <<= 33;
      bytes[i] += 77;
      bytes[i] >>>= 1;
      shorts[i] *= 3;
      chars[i] -= 5;
      chars[i]++;
      bytes[i]--;
      booleans[i] ^= true;
      booleans[i] &= k > 3;
      booleans[i] |= l > 3;
      longs[i] += floats[i % 4];
      out[i] = b + s * 3 + c * 5 + k;
      large[i] = l;
    }
  }

  static final class Shifts extends Numbers {
    int by = 35;

    @Override
    public void run() {
      int i = getGlobalId();
      int k = ints[i];
      long l = longs[i];
      int n = ints[(i + 1) % COUNT];
      out[i] = (k << n) ^ (k >> by) ^ (k >>> n) ^ (k << 32) ^ (k >>> -1) ^ (k >> l);
      large[i] = (l << n) ^ (l >> by) ^ (l >>> n) ^ (l << 64) ^ (l >>> -1L) ^ (1 << n) ^ (1L << n);
      more[i] = bytes[i] >>> 3 ^ shorts[i] << 20 ^ chars[i] >>> 5 ^ bytes[i] >> n;
    }
  }

  static final class Divisions extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int k = ints[i];
      long l = longs[i] * 4;
      int n = ints[(i + 1) % COUNT];
      int by = n == 0 ? -1 : n;
      long minimum = i % 2 == 0 ? Long.MIN_VALUE : l;
      out[i] = k / by + k % by * 3 + k / -1 - k % -1 + k % 7 + k / -7;
      large[i] = minimum / by + minimum % by * 3 + l % 7 + minimum / -1L + l / 9;
      k /= by;
      more[i] = k + Math.floorMod(n, 7) + Math.floorDiv(n, -3);
      shorts[i] /= by;
      bytes[i] %= by;
    }
  }

  static final class Overflows extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int k = ints[i];
      int next = k;
      next++;
      int steps = 0;
      for (int n = Integer.MAX_VALUE - 3; n > 0; n++) {
        steps++;
      }
      int down = Integer.MIN_VALUE + 2;
      while (down < 0) {
        down--;
        steps += 100;
      }
      out[i] =
          (next > k ? 1 : 0) + (k + 1 > k ? 2 : 0) + (-k == k ? 4 : 0) + (k * 2 / 2 == k ? 8 : 0);
      out[i] += steps + abs(k) + (k - 1 < k ? 16 : 0);
      long far = Long.MAX_VALUE - i + 24;
      far += 1;
      large[i] = (far > 0 ? 1 : 0) + k * 1_000_003 + (long) k * 1_000_003;
    }
  }

  static final class Absolutes extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = Math.abs(ints[i] << 31) / ((i & 3) + 2);
      more[i] = abs(ints[i]) >> 1;
      large[i] = (long) Math.abs(ints[i] << 31) + Math.abs(longs[i] << 63) / 3;
    }
  }

  static final class Order extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int[] work = new int[4];
      int n = i & 1;
      work[n++] = i;
      work[n] = ints[i];
      out[i] = work[0] + work[1] * 3 + work[2] * 5 + work[3] * 7 + n;
    }
  }

  static final class OrderOfCalls extends Numbers {
    int bump(int[] of, int at) {
      of[at] += 5;
      return of[at];
    }

    static int pair(int a, int b) {
      return a * 1000 + b;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = ints[i] & 255;
      int n = bytes[i];
      int value = out[i] + bump(out, i) * 3 + out[i];
      value += pair(bump(out, i), out[i]) + pair(n++, i);
      out[i] += bump(out, i);
      out[i] = out[i] * 7 + value + n;
    }
  }

  static final class Conditions extends Numbers {
    boolean flag = true;

    @Override
    public void run() {
      int i = getGlobalId();
      int k = ints[i];
      int n = 0;
      boolean both = k > 3 && booleans[i] || k < -3 && !booleans[i];
      if (both != (k % 2 == 0)) {
        n += 1;
      }
      if (both ^ flag) {
        n += 2;
      }
      if (booleans[i] & k > 0 | flag) {
        n += 4;
      }
      while (n < 50 && (k > 0 || n < 20) && !(n == 30)) {
        n += both ? 3 : flag && k != 7 ? 5 : 7;
      }
      if (!(k > 0 && n > 30)) {
        n = -n;
      }
      if (i % 2 == 0) {
        if (k > 0) {
          n += 1000;
        }
      } else if (k > 100) {
        n += 2000;
      } else {
        n += 3000;
      }
      out[i] = both ? n : ~n;
      booleans[i] = both == flag;
    }
  }

  static final class EarlyReturn extends Numbers {
    static int find(int[] in, int what) {
      for (int i = 0; i < COUNT; i++) {
        if (in[i] == what) {
          return i;
        }
      }
      return -1;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = find(ints, i);
      if (i % 3 == 1) {
        return;
      }
      for (int k = 0; k < 9; k++) {
        if (k == i % 7) {
          large[i] = k;
          return;
        }
        out[i] += k;
      }
      out[i] = -out[i];
    }
  }

  static final class Continues extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int sum = 0;
      for (int k = 0; k < 20; k++) {
        if ((k & 3) == 1) {
          continue;
        }
        for (int l = k; l > 0; l -= 2) {
          if (l == 7) {
            continue;
          }
          if (l % 3 == 0) {
            sum += l;
          } else {
            sum ^= ints[(k + l) % COUNT];
          }
        }
        sum += k;
      }
      out[i] = sum;
    }
  }

  static final class Literals extends Numbers {
    static final long BIG = 0x8000_0000_0000_0000L;

    @Override
    public void run() {
      int i = getGlobalId();
      float x = floats[i];
      double d = doubles[i];
      floats[i] = i == 0 ? Float.NaN : i == 1 ? Float.POSITIVE_INFINITY : i == 2 ? -0f : x;
      if (i == 3) {
        floats[i] = Float.MAX_VALUE;
        doubles[i] = Double.MAX_VALUE;
      } else if (i == 4) {
        floats[i] = Float.NEGATIVE_INFINITY;
        doubles[i] = Double.NEGATIVE_INFINITY;
      } else if (i == 5) {
        floats[i] = 1.17549435E-38f;
        doubles[i] = Double.MIN_NORMAL;
      } else if (i == 6) {
        floats[i] = 0.1f + 1e10f;
        doubles[i] = 0.1 + 1e300 + 12345678901234567.0;
      } else if (i == 7) {
        floats[i] = 16_777_217;
        doubles[i] = 0x1.fffffffffffffp3;
      } else {
        doubles[i] = -d;
      }
      chars[i] = '\uffff';
      bytes[i] = -128;
      shorts[i] = -32_768;
      large[i] = BIG + 0xffff_ffffL + 0x8000_0000 + Integer.MIN_VALUE + Long.MAX_VALUE;
      out[i] = 0xffff_ffff - 0x7fff_ffff + 'x' - -1 - (-(-ints[i])) + - -5;
    }
  }

  static final class CharArithmetic extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      char c = chars[i];
      char upper = c >= 'a' && c <= 'z' ? (char) (c - 32) : c;
      out[i] = upper - 'A' + -c + ~c + (c > shorts[i] ? 1 : 2) + (c == (char) shorts[i] ? 4 : 8);
      chars[i] = (char) (c * c);
      large[i] = c * 40_000 + (long) c * 40_000;
      floats[i] = c / 7;
      doubles[i] = c / 7f + bytes[i] / 2 + shorts[i] % 5;
      booleans[i] = c - 60_000 < bytes[i];
    }
  }

  abstract static class Base extends Numbers {
    int scale = 3;
    final int[] data = new int[COUNT];

    private int step(int x) {
      return x + scale;
    }

    int fromBase(int x) {
      data[x] = step(x) * 2;
      return data[x] + scale;
    }
  }

  static final class SameNames extends Base {
    int scale = 500;
    final int[] data = new int[COUNT];

    private int step(int x) {
      return x * scale;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      data[i] = step(i) - super.scale;
      out[i] = fromBase(i) + step(i) * 7 + scale;
    }
  }

  static final class NamesOfOpenCl extends Numbers {
    float half = 2;
    int global = 5;
    int uint = 6;
    int linux = 8;
    int unix = 9;

    int kernel(int local) {
      return local + 1;
    }

    int barrier(int private_, int constant) {
      return private_ * constant;
    }

    static int mad(int a, int b, int c) {
      return a - b - c;
    }

    static float dot(float x, float y) {
      return x + 2 * y;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      int max = max(i, 3);
      int min = min(max, 20) + max(max, 9);
      int sqrt = (int) sqrt(max);
      int size_t = 3;
      int image2d_t = 4;
      int float4 = 5;
      int INT_MIN = 6;
      int MAXFLOAT = 7;
      int M_PI = 8;
      int get_global_id = 9;
      int isnan = 10;
      int signed = 11;
      int struct = Integer.MIN_VALUE + linux + unix;
      int asm = 12;
      int typeof = 13;
      int as_int = 14;
      int vload4 = 15;
      int bool = 16;
      int __global = 17;
      int fmod = (int) (floats[2] % 1f);
      int convert_int_sat_rtz = (int) floats[2];
      out[i] =
          kernel(max)
              + barrier(min, sqrt)
              + mad(size_t, image2d_t, float4)
              + (int) dot(half, global);
      out[i] += uint + INT_MIN + MAXFLOAT + M_PI + get_global_id + isnan + signed + struct + asm;
      out[i] += typeof + as_int + vload4 + bool + __global + fmod + convert_int_sat_rtz;
    }
  }

  static final class Ternaries extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int k = ints[i];
      long l = k > 0 ? k : longs[i];
      double d = booleans[i] ? k : floats[i % 4];
      int n = (k > 5 ? i : k < -5 ? -i : 0) * (booleans[i] ? 3 : 4) + (k == 0 ? 1 : 2);
      out[(k & 1) == 0 ? i : i] = n > 0 ? n < 100 ? 1 : 2 : n < -100 ? 3 : 4;
      out[i] += max(k > 0 ? 1 : 2, booleans[i] ? i : -i);
      large[i] = l + (byte) (k > 3 ? k : 300) + (char) (booleans[i] ? -1 : 1);
      doubles[i] = d;
    }
  }

  static final class Bits extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int k = ints[i];
      long l = longs[i];
      out[i] = popcount(k) + clz(k) * 100 + Integer.bitCount(k) + Integer.rotateLeft(k, i);
      out[i] +=
          Integer.numberOfLeadingZeros(k) + Long.numberOfTrailingZeros(l) + Integer.reverse(k);
      large[i] = Long.bitCount(l) + Long.rotateRight(l, i) + Long.compare(l, k) + Integer.signum(k);
      ints[i] = Math.abs(k) + Integer.max(k, 4) + Integer.compareUnsigned(k, i);
      longs[i] = Math.abs(l) + Math.max(l, k) + Long.hashCode(l);
    }
  }

  static final class Roundings extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      float x = (ints[i] % 1000) * 0.25f + 0.1f;
      double d = (ints[i] % 1000) * 0.25 + 0.1;
      out[i] = Math.round(x) + (int) Math.floor(d) + (int) Math.ceil(d) + (int) Math.rint(d);
      large[i] = Math.round(d);
      floats[i] = x % 0.75f;
      doubles[i] = d % -0.75 + Math.abs(d);
    }
  }

  /** Variables of several types in one slot, and of one name in several scopes. */
  static final class Slots extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int total = 0;
      if (booleans[i]) {
        float value = floats[i % 4];
        total += (int) (value * 4);
      } else {
        int value = ints[i];
        total += value;
      }
      for (int k = 0; k < 3; k++) {
        long value = longs[i] + k;
        total += (int) value;
      }
      for (int k = 0; k < 3; k++) {
        double value = bytes[i] * 0.5;
        total += (int) value;
      }
      {
        byte value = (byte) ints[i];
        total += value;
      }
      char value = (char) total;
      out[i] = total + value;
    }
  }
}
