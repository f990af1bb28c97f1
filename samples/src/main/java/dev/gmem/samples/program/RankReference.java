package dev.gmem.samples.program;

import dev.gmem.samples.data.Routes;
import java.util.Arrays;

/** PageRank in plain Java: double precision, every airport pushes its rank along its routes. */
final class RankReference {
  private RankReference() {}

  static double[] ranks(Routes routes, double damping, int iterations) {
    int n = routes.nodes().size();
    double[] departures = routes.departures();
    double[] rank = new double[n];
    Arrays.fill(rank, 1.0 / n);
    for (int i = 0; i < iterations; i++) {
      double lost = 0;
      for (int v = 0; v < n; v++) {
        lost += departures[v] == 0 ? rank[v] : 0;
      }
      double[] next = new double[n];
      Arrays.fill(next, (1 - damping + damping * lost) / n);
      for (Routes.Edge edge : routes.edges()) {
        double share = edge.flights() / departures[edge.from()];
        next[edge.to()] += damping * share * rank[edge.from()];
      }
      rank = next;
    }
    return rank;
  }
}
