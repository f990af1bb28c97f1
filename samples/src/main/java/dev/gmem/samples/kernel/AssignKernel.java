package dev.gmem.samples.kernel;

import com.aparapi.Kernel;

/** Finds the nearest centre of each point; both are three floats. On a tie the first one wins. */
public final class AssignKernel extends Kernel {
  float[] points;
  float[] centres;
  int[] labels;
  int centreCount;

  /** Makes one with nothing in its fields. */
  public AssignKernel() {}

  @Override
  public void run() {
    int i = getGlobalId();
    float x = points[3 * i];
    float y = points[3 * i + 1];
    float z = points[3 * i + 2];
    float best = Float.MAX_VALUE;
    int label = 0;
    for (int k = 0; k < centreCount; k++) {
      float dx = x - centres[3 * k];
      float dy = y - centres[3 * k + 1];
      float dz = z - centres[3 * k + 2];
      float square = dx * dx + dy * dy + dz * dz;
      if (square < best) {
        best = square;
        label = k;
      }
    }
    labels[i] = label;
  }
}
