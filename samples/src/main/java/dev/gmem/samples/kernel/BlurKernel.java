package dev.gmem.samples.kernel;

/** Gaussian 5 x 5: the binomial weights 1 4 6 4 1, each way. */
public final class BlurKernel extends PlaneKernel {
  /** Makes one with nothing in its fields. */
  public BlurKernel() {}

  /** A row's part, weighted along the row. */
  private float line(int row, int x) {
    return in[row + column(x - 2)]
        + 4 * in[row + column(x - 1)]
        + 6 * in[row + x]
        + 4 * in[row + column(x + 1)]
        + in[row + column(x + 2)];
  }

  @Override
  public void run() {
    int x = getGlobalId(0);
    int y = getGlobalId(1);
    float sum =
        line(row(y - 2), x)
            + 4 * line(row(y - 1), x)
            + 6 * line(row(y), x)
            + 4 * line(row(y + 1), x)
            + line(row(y + 2), x);
    out[y * width + x] = sum * (1.0f / 256.0f);
  }
}
