package dev.gmem.samples.kernel;

import com.aparapi.Kernel;

/** A filter of a plane of floats. Beyond the border the border repeats. */
abstract class PlaneKernel extends Kernel {
  float[] in;
  float[] out;
  int width;
  int height;

  /** Where the row begins that is nearest to a row that may not be there. */
  int row(int y) {
    return max(0, min(y, height - 1)) * width;
  }

  /** The column nearest to one that may not be there. */
  int column(int x) {
    return max(0, min(x, width - 1));
  }
}
