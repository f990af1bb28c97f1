package dev.gmem.samples.kernel;

import com.aparapi.Kernel;

/** Moves bodies, of four floats each, along their velocities. */
public final class DriftKernel extends Kernel {
  float[] bodies;
  float[] velocities;
  float time;

  /** Makes one with nothing in its fields. */
  public DriftKernel() {}

  @Override
  public void run() {
    int first = 4 * getGlobalId();
    for (int k = first; k < first + 3; k++) {
      bodies[k] += velocities[k] * time;
    }
  }
}
