package dev.gmem.samples.kernel;

import com.aparapi.Kernel;

/**
 * Changes velocities by the pull of the first bodies; the others weigh nothing. A body is four
 * floats: x, y, z, mass times the constant of gravity.
 */
public final class KickKernel extends Kernel {
  float[] bodies;
  float[] velocities;
  int heavy;
  float time;

  /** Makes one with nothing in its fields. */
  public KickKernel() {}

  @Override
  public void run() {
    int i = 4 * getGlobalId();
    float x = bodies[i];
    float y = bodies[i + 1];
    float z = bodies[i + 2];
    float ax = 0;
    float ay = 0;
    float az = 0;
    for (int j = 0; j < heavy; j++) {
      float dx = bodies[4 * j] - x;
      float dy = bodies[4 * j + 1] - y;
      float dz = bodies[4 * j + 2] - z;
      float square = dx * dx + dy * dy + dz * dz;
      float pull = square > 0 ? bodies[4 * j + 3] / (square * sqrt(square)) : 0;
      ax += pull * dx;
      ay += pull * dy;
      az += pull * dz;
    }
    velocities[i] += ax * time;
    velocities[i + 1] += ay * time;
    velocities[i + 2] += az * time;
  }
}
