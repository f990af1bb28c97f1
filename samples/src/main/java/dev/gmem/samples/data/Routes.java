package dev.gmem.samples.data;

import dev.gmem.samples.console.Refusal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A network of routes between airports: a directed graph whose edges carry a number of flights.
 *
 * @param nodes codes of the airports, ascending
 * @param edges routes with at least one flight
 */
public record Routes(List<String> nodes, List<Edge> edges) {
  private static final String COLUMN_FROM = "origin";
  private static final String COLUMN_TO = "destination";
  private static final String COLUMN_FLIGHTS = "count";

  /** Copies the lists. */
  public Routes {
    nodes = List.copyOf(nodes);
    edges = List.copyOf(edges);
  }

  /**
   * A route.
   *
   * @param from index of the airport of departure
   * @param to index of the airport of arrival
   * @param flights how many, positive
   */
  public record Edge(int from, int to, long flights) {}

  /**
   * Reads routes.
   *
   * @param file a table with the columns origin, destination, count; null for the routes that come
   *     with the samples
   * @return the network
   * @throws Refusal if the file cannot be used
   */
  public static Routes read(Path file) {
    return file == null
        ? parse("flights-airport.csv", Resources.text("data/flights-airport.csv"))
        : parse(file.toString(), Resources.text(file));
  }

  static Routes parse(String source, String text) {
    Csv csv = Csv.parse(source, text, COLUMN_FROM, COLUMN_TO, COLUMN_FLIGHTS);
    TreeSet<String> codes = new TreeSet<>();
    for (Csv.Row row : csv.rows()) {
      codes.add(row.text(COLUMN_FROM));
      codes.add(row.text(COLUMN_TO));
    }
    if (codes.isEmpty()) {
      throw Refusal.input(source + " has no routes", null);
    }
    List<String> nodes = new ArrayList<>(codes);
    Map<String, Integer> indices = new java.util.HashMap<>();
    nodes.forEach(code -> indices.put(code, indices.size()));
    List<Edge> edges = new ArrayList<>();
    for (Csv.Row row : csv.rows()) {
      long flights = row.count(COLUMN_FLIGHTS);
      if (flights > 0) {
        int from = indices.get(row.text(COLUMN_FROM));
        edges.add(new Edge(from, indices.get(row.text(COLUMN_TO)), flights));
      }
    }
    return new Routes(nodes, edges);
  }

  /**
   * Counts the flights that leave each airport.
   *
   * @return by index
   */
  public double[] departures() {
    double[] departures = new double[nodes.size()];
    for (Edge edge : edges) {
      departures[edge.from()] += edge.flights();
    }
    return departures;
  }
}
