package dev.gmem.samples.program;

import dev.gmem.samples.data.Routes;

/**
 * A network by arrival, in compressed rows: the routes that end in airport v are those from {@code
 * first[v]} to {@code first[v + 1]}, exclusive.
 *
 * @param first by airport, and one more
 * @param source airport of departure, by route
 * @param share of that airport's departures which take the route, by route
 */
record IncomingRoutes(int[] first, int[] source, float[] share) {
  static IncomingRoutes of(Routes routes, double[] departures) {
    int n = routes.nodes().size();
    int[] first = new int[n + 1];
    for (Routes.Edge edge : routes.edges()) {
      first[edge.to() + 1]++;
    }
    for (int v = 0; v < n; v++) {
      first[v + 1] += first[v];
    }
    int[] place = first.clone();
    int count = Math.max(1, routes.edges().size());
    int[] source = new int[count];
    float[] share = new float[count];
    for (Routes.Edge edge : routes.edges()) {
      int at = place[edge.to()]++;
      source[at] = edge.from();
      share[at] = (float) (edge.flights() / departures[edge.from()]);
    }
    return new IncomingRoutes(first, source, share);
  }
}
