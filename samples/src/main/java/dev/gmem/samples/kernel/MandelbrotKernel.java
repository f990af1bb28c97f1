package dev.gmem.samples.kernel;

import com.aparapi.Kernel;

/** Steps until z = z * z + c leaves the circle of radius 2, for some rows of a picture. */
public final class MandelbrotKernel extends Kernel {
  int[] steps;
  int firstRow;
  float left;
  float top;
  float scale;
  int stepsMax;

  /** Makes one with nothing in its fields. */
  public MandelbrotKernel() {}

  @Override
  public void run() {
    int x = getGlobalId(0);
    int y = getGlobalId(1);
    float cx = left + scale * x;
    float cy = top - scale * (firstRow + y);
    float zx = 0;
    float zy = 0;
    int step = 0;
    while (step < stepsMax && zx * zx + zy * zy <= 4) {
      float next = zx * zx - zy * zy + cx;
      zy = 2 * zx * zy + cy;
      zx = next;
      step++;
    }
    steps[y * getGlobalSize(0) + x] = step;
  }
}
