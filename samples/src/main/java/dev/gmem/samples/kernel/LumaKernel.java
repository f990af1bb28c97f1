package dev.gmem.samples.kernel;

import com.aparapi.Kernel;

/** Brightness, 0 to 255, of pixels given as alpha, red, green, blue from the highest byte down. */
public final class LumaKernel extends Kernel {
  int[] argb;
  float[] out;

  /** Makes one with nothing in its fields. */
  public LumaKernel() {}

  @Override
  public void run() {
    int i = getGlobalId();
    int p = argb[i];
    out[i] = 0.299f * (p >>> 16 & 255) + 0.587f * (p >>> 8 & 255) + 0.114f * (p & 255);
  }
}
