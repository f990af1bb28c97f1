package dev.gmem.samples.kernel;

/** Length of Sobel's gradient. */
public final class SobelKernel extends PlaneKernel {
  /** Makes one with nothing in its fields. */
  public SobelKernel() {}

  @Override
  public void run() {
    int x = getGlobalId(0);
    int y = getGlobalId(1);
    int left = column(x - 1);
    int right = column(x + 1);
    int above = row(y - 1);
    int here = y * width;
    int below = row(y + 1);
    float gx =
        in[above + right]
            - in[above + left]
            + 2 * (in[here + right] - in[here + left])
            + in[below + right]
            - in[below + left];
    float gy =
        in[below + left]
            - in[above + left]
            + 2 * (in[below + x] - in[above + x])
            + in[below + right]
            - in[above + right];
    out[here + x] = sqrt(gx * gx + gy * gy);
  }
}
