package dev.gmem.aparapi;

import com.aparapi.Kernel;

/** Kernels of the kind that come with Aparapi, in its style: arrays and scalars in fields. */
final class ExampleKernels {
  private ExampleKernels() {}

  static final class Squares extends Kernel {
    final int[] values;
    final int[] squares;

    Squares(int[] values) {
      this.values = values;
      squares = new int[values.length];
    }

    @Override
    public void run() {
      int i = getGlobalId();
      squares[i] = values[i] * values[i];
    }
  }

  static final class MandelbrotSet extends Kernel {
    final int width;
    final int height;
    final int iterationsMax;
    final float scale;
    final int[] rgb;
    final int[] palette;

    MandelbrotSet(int width, int height, int iterationsMax) {
      this.width = width;
      this.height = height;
      this.iterationsMax = iterationsMax;
      scale = 3f;
      rgb = new int[width * height];
      palette = new int[iterationsMax + 1];
      for (int i = 0; i < iterationsMax; i++) {
        palette[i] = 0x10_101 * i + 7;
      }
    }

    int iterations(float x, float y) {
      int count = 0;
      float zx = x;
      float zy = y;
      while (count < iterationsMax && zx * zx + zy * zy < 8) {
        float next = zx * zx - zy * zy + x;
        zy = 2 * zx * zy + y;
        zx = next;
        count++;
      }
      return count;
    }

    @Override
    public void run() {
      int gid = getGlobalId();
      float x = (gid % width - width / 2) / (float) width * scale;
      float y = (gid / width - height / 2) / (float) height * scale;
      rgb[gid] = palette[iterations(x, y)];
    }
  }

  /** Conway's; even passes go one way, odd ones back. */
  static final class Life extends Kernel {
    final int width;
    final int height;
    final byte[] even;
    final byte[] odd;

    Life(int width, int height) {
      this.width = width;
      this.height = height;
      even = new byte[width * height];
      odd = new byte[width * height];
    }

    private int alive(int x, int y) {
      int at = (y + height) % height * width + (x + width) % width;
      return getPassId() % 2 == 0 ? even[at] : odd[at];
    }

    @Override
    public void run() {
      int x = getGlobalId(0);
      int y = getGlobalId(1);
      int neighbours = -alive(x, y);
      for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
          neighbours += alive(x + dx, y + dy);
        }
      }
      byte next = 0;
      if (neighbours == 3 || neighbours == 2 && alive(x, y) == 1) {
        next = 1;
      }
      if (getPassId() % 2 == 0) {
        odd[y * width + x] = next;
      } else {
        even[y * width + x] = next;
      }
    }
  }

  static final class Bodies extends Kernel {
    final float[] xyz;
    final float[] next;
    final float[] speed;
    final float step = 0.005f;
    final float mass = 5f;
    final float softening = 1f;

    Bodies(int bodies) {
      xyz = new float[bodies * 3];
      next = new float[bodies * 3];
      speed = new float[bodies * 3];
      for (int i = 0; i < xyz.length; i++) {
        xyz[i] = (i * 37 % 101) / 10f - 5;
      }
    }

    @Override
    public void run() {
      int count = getGlobalSize(0) * 3;
      int at = getGlobalId() * 3;
      float ax = 0;
      float ay = 0;
      float az = 0;
      for (int i = 0; i < count; i += 3) {
        float dx = xyz[i] - xyz[at];
        float dy = xyz[i + 1] - xyz[at + 1];
        float dz = xyz[i + 2] - xyz[at + 2];
        float inverse = rsqrt(dx * dx + dy * dy + dz * dz + softening);
        float pull = mass * inverse * inverse * inverse;
        ax += pull * dx;
        ay += pull * dy;
        az += pull * dz;
      }
      next[at] = xyz[at] + speed[at] * step + ax * 0.5f * step * step;
      next[at + 1] = xyz[at + 1] + speed[at + 1] * step + ay * 0.5f * step * step;
      next[at + 2] = xyz[at + 2] + speed[at + 2] * step + az * 0.5f * step * step;
      speed[at] += ax * step;
      speed[at + 1] += ay * step;
      speed[at + 2] += az * step;
    }
  }

  static final class Convolution extends Kernel {
    final int width;
    final int height;
    final byte[] in;
    final byte[] out;
    @Constant final float[] filter = {0, -10, 0, -10, 40, -10, 0, -10, 0};

    Convolution(int width, int height) {
      this.width = width;
      this.height = height;
      in = new byte[width * height * 3];
      out = new byte[in.length];
      for (int i = 0; i < in.length; i++) {
        in[i] = (byte) (i * 31 + i / 7);
      }
    }

    @Override
    public void run() {
      int x = getGlobalId() % (width * 3);
      int y = getGlobalId() / (width * 3);
      if (x > 3 && x < width * 3 - 3 && y > 1 && y < height - 1) {
        int sum = 0;
        for (int fx = 0; fx < 3; fx++) {
          for (int fy = 0; fy < 3; fy++) {
            int at = (y + fy - 1) * width * 3 + x + (fx - 1) * 3;
            sum += (int) ((in[at] & 0xFF) * filter[fx * 3 + fy]);
          }
        }
        out[getGlobalId()] = (byte) max(0, min(sum / 10, 255));
      }
    }
  }

  static final class BlackScholes extends Kernel {
    private static final float RATE_LOW = 0.01f;
    private static final float RATE_HIGH = 0.05f;

    final float[] random;
    final float[] put;
    final float[] call;

    BlackScholes(int size) {
      random = new float[size];
      put = new float[size];
      call = new float[size];
      for (int i = 0; i < size; i++) {
        random[i] = (i * 7919 % size) / (float) size;
      }
    }

    static float phi(float x) {
      float absolute = x < 0 ? -x : x;
      float t = 1 / (1 + 0.2316419f * absolute);
      float y =
          1
              - 0.398942280f
                  * (float) Math.exp(-x * x / 2)
                  * t
                  * (0.319381530f
                      + t
                          * (-0.356563782f
                              + t * (1.781477937f + t * (-1.821255978f + t * 1.330274429f))));
      return x < 0 ? 1 - y : y;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      float in = random[i];
      float spot = 10 * in + 100 * (1 - in);
      float strike = 10 * in + 100 * (1 - in);
      float time = 1 * in + 10 * (1 - in);
      float rate = RATE_LOW * in + RATE_HIGH * (1 - in);
      float sigma = 0.01f * in + 0.10f * (1 - in);
      float root = sigma * sqrt(time);
      float d1 = (log(spot / strike) + (rate + sigma * sigma / 2) * time) / root;
      float d2 = d1 - root;
      float discounted = strike * exp(-rate * time);
      call[i] = spot * phi(d1) - discounted * phi(d2);
      put[i] = discounted * phi(-d2) - spot * phi(-d1);
    }
  }

  static final class MatrixRows extends Kernel {
    final float[][] a;
    final float[][] b;
    final float[][] product;
    final int size;

    MatrixRows(int size) {
      this.size = size;
      a = new float[size][size];
      b = new float[size][size];
      product = new float[size][size];
      for (int i = 0; i < size * size; i++) {
        a[i / size][i % size] = i % 7 - 3;
        b[i / size][i % size] = i % 11 - 5;
      }
    }

    @Override
    public void run() {
      int row = getGlobalId(1);
      int column = getGlobalId(0);
      float sum = 0;
      for (int k = 0; k < size; k++) {
        sum += a[row][k] * b[k][column];
      }
      product[row][column] = sum;
    }
  }

  /** Tiles of both factors in local memory. */
  static final class MatrixTiles extends Kernel {
    static final int TILE = 4;

    final int size;
    final float[] a;
    final float[] b;
    final float[] product;
    @Local final float[] tileA = new float[TILE * TILE];
    @Local final float[] tileB = new float[TILE * TILE];

    MatrixTiles(int size) {
      this.size = size;
      a = new float[size * size];
      b = new float[size * size];
      product = new float[size * size];
      for (int i = 0; i < a.length; i++) {
        a[i] = i % 7 - 3;
        b[i] = i % 11 - 5;
      }
    }

    @Override
    public void run() {
      int x = getLocalId(0);
      int y = getLocalId(1);
      int column = getGlobalId(0);
      int row = getGlobalId(1);
      float sum = 0;
      for (int tile = 0; tile < size; tile += TILE) {
        tileA[y * TILE + x] = a[row * size + tile + x];
        tileB[y * TILE + x] = b[(tile + y) * size + column];
        localBarrier();
        for (int k = 0; k < TILE; k++) {
          sum += tileA[y * TILE + k] * tileB[k * TILE + x];
        }
        localBarrier();
      }
      product[row * size + column] = sum;
    }
  }

  /** The median of five neighbours, sorted in private memory. */
  static final class Median extends Kernel {
    final int[] in;
    final int[] out;

    @PrivateMemorySpace(5)
    final int[] window = new int[5];

    Median(int size) {
      in = new int[size];
      out = new int[size];
      for (int i = 0; i < size; i++) {
        in[i] = i * 7919 % 1009;
      }
    }

    @Override
    public void run() {
      int at = getGlobalId();
      for (int i = 0; i < 5; i++) {
        window[i] = in[max(0, min(at + i - 2, in.length - 1))];
      }
      for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 4 - i; j++) {
          if (window[j] > window[j + 1]) {
            int swap = window[j];
            window[j] = window[j + 1];
            window[j + 1] = swap;
          }
        }
      }
      out[at] = window[2];
    }
  }

  /** Sums groups in local memory, and all of them with an atomic. */
  static final class Reduction extends Kernel {
    final int[] values;
    final int[] groups;
    final int[] total = new int[1];
    @Local final int[] sums;

    Reduction(int size, int groupItems) {
      values = new int[size];
      groups = new int[size / groupItems];
      sums = new int[groupItems];
      for (int i = 0; i < size; i++) {
        values[i] = i * 17 % 101;
      }
    }

    @Override
    public void run() {
      int me = getLocalId();
      sums[me] = values[getGlobalId()];
      localBarrier();
      for (int step = getLocalSize() / 2; step > 0; step /= 2) {
        if (me < step) {
          sums[me] += sums[me + step];
        }
        localBarrier();
      }
      if (me == 0) {
        groups[getGroupId()] = sums[0];
        atomicAdd(total, 0, sums[0]);
      }
    }
  }
}
