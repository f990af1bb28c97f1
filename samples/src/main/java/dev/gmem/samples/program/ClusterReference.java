package dev.gmem.samples.program;

import java.util.Arrays;

/** k-means in plain Java, on arrays of three floats per point. */
final class ClusterReference {
  private ClusterReference() {}

  /** Chooses the first point, then always the point farthest from those chosen. */
  static float[] farthestFirst(float[] points, int k) {
    float[] chosen = new float[3 * k];
    float[] nearest = new float[points.length / 3];
    Arrays.fill(nearest, Float.POSITIVE_INFINITY);
    int next = 0;
    for (int c = 0; c < k; c++) {
      System.arraycopy(points, 3 * next, chosen, 3 * c, 3);
      for (int i = 0; i < nearest.length; i++) {
        nearest[i] = Math.min(nearest[i], square(points, i, chosen, c));
        next = nearest[i] > nearest[next] ? i : next;
      }
    }
    return chosen;
  }

  static int[] labels(float[] points, float[] seeds, int iterations) {
    int k = seeds.length / 3;
    float[] centres = seeds.clone();
    int[] labels = new int[points.length / 3];
    for (int iteration = 0; iteration < iterations; iteration++) {
      for (int i = 0; i < labels.length; i++) {
        labels[i] = nearest(points, i, centres);
      }
      for (int c = 0; c < k; c++) {
        double[] sum = new double[3];
        int size = 0;
        for (int i = 0; i < labels.length; i++) {
          if (labels[i] == c) {
            size++;
            for (int axis = 0; axis < 3; axis++) {
              sum[axis] += points[3 * i + axis];
            }
          }
        }
        for (int axis = 0; axis < 3 && size > 0; axis++) {
          centres[3 * c + axis] = (float) (sum[axis] / size);
        }
      }
    }
    return labels;
  }

  private static int nearest(float[] points, int i, float[] centres) {
    int nearest = 0;
    for (int c = 1; c < centres.length / 3; c++) {
      if (square(points, i, centres, c) < square(points, i, centres, nearest)) {
        nearest = c;
      }
    }
    return nearest;
  }

  private static float square(float[] points, int i, float[] centres, int c) {
    float dx = points[3 * i] - centres[3 * c];
    float dy = points[3 * i + 1] - centres[3 * c + 1];
    float dz = points[3 * i + 2] - centres[3 * c + 2];
    return dx * dx + dy * dy + dz * dz;
  }
}
