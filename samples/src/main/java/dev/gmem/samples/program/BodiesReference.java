package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.gmem.samples.data.Planet;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** The motion of the bodies in plain Java, in double precision. */
final class BodiesReference {
  private final double[][] position;
  private final double[][] velocity;
  private final double[] mass;
  private final int heavy;

  private BodiesReference(double[][] position, double[][] velocity, double[] mass, int heavy) {
    this.position = position;
    this.velocity = velocity;
    this.mass = mass;
    this.heavy = heavy;
  }

  static BodiesReference of(List<Planet> bodies, int heavy) {
    return new BodiesReference(
        bodies.stream().map(b -> b.position().clone()).toArray(double[][]::new),
        bodies.stream().map(b -> b.velocity().clone()).toArray(double[][]::new),
        bodies.stream().mapToDouble(Planet::mass).toArray(),
        heavy);
  }

  /** Goes the steps, and compares. */
  double distanceMax(int steps, double days, MemorySegment bodies) {
    for (int step = 0; step < steps; step++) {
      for (int i = 0; i < position.length; i++) {
        pull(i, step == 0 ? days / 2 : days);
      }
      for (int i = 0; i < position.length; i++) {
        for (int k = 0; k < 3; k++) {
          position[i][k] += velocity[i][k] * days;
        }
      }
    }
    double distance = 0;
    for (int i = 0; i < position.length; i++) {
      double square = 0;
      for (int k = 0; k < 3; k++) {
        double d = bodies.getAtIndex(JAVA_FLOAT, 4L * i + k) - position[i][k];
        square += d * d;
      }
      distance = Distance.max(distance, Math.sqrt(square));
    }
    return distance;
  }

  private void pull(int i, double days) {
    double[] self = position[i];
    for (int j = 0; j < heavy; j++) {
      if (j == i) {
        continue;
      }
      double[] other = position[j];
      double dx = other[0] - self[0];
      double dy = other[1] - self[1];
      double dz = other[2] - self[2];
      double square = dx * dx + dy * dy + dz * dz;
      double scale = days * Planet.GRAVITY * mass[j] / (square * Math.sqrt(square));
      velocity[i][0] += dx * scale;
      velocity[i][1] += dy * scale;
      velocity[i][2] += dz * scale;
    }
  }
}
