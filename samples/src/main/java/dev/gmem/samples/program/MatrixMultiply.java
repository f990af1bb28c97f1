package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.gmem.Argument;
import dev.gmem.Kernel;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.kernel.KernelArguments;
import dev.gmem.kernel.WorkItem;
import dev.gmem.samples.console.Refusal;
import dev.gmem.samples.data.Airport;
import dev.gmem.samples.data.Routes;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/**
 * Multiplies the matrix of all routes by itself: element (i, j) of the product says at how many
 * airports one can change on the way from i to j.
 *
 * <p>Work groups bring the matrices into local memory tile by tile. Tiles at the rim stick out, so
 * the range is rounded up and its surplus does nothing. Java kernels have no local memory, and read
 * the matrices where they are.
 */
public final class MatrixMultiply implements Sample {
  private static final int AIRPORTS_MAX = 4096;
  private static final int TOP = 10;

  /** Side of a tile, in the OpenCL C form, too. */
  private static final int TILE = 16;

  @Option(
      names = "--routes",
      paramLabel = "CSV",
      description = "Columns origin, destination, count (default: US flights of 2008, built in).")
  private Path file;

  private Routes routes;

  /** Makes one with default options. */
  public MatrixMultiply() {}

  private static void multiply(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    long n = arguments.getInt(3);
    long column = item.globalId(0);
    long row = item.globalId(1);
    if (column >= n || row >= n) {
      return;
    }
    float sum = 0;
    for (long k = 0; k < n; k++) {
      float a = memory.getFloat(arguments.address(0) + (row * n + k) * Float.BYTES);
      float b = memory.getFloat(arguments.address(1) + (k * n + column) * Float.BYTES);
      sum += a * b;
    }
    memory.putFloat(arguments.address(2) + (row * n + column) * Float.BYTES, sum);
  }

  @Override
  public String name() {
    return "matrix-multiply";
  }

  @Override
  public String description() {
    return "Counts one-stop connections by squaring the matrix of routes.";
  }

  @Override
  public void prepare() {
    routes = Routes.read(file);
    int airports = routes.nodes().size();
    if (airports > AIRPORTS_MAX) {
      throw Refusal.input(
          file + " has too many airports: " + airports + ", the limit is " + AIRPORTS_MAX, null);
    }
  }

  @Override
  public Outcome run(SampleRun run) {
    int n = routes.nodes().size();
    MemorySegment direct = run.buffer("direct", JAVA_FLOAT, (long) n * n);
    MemorySegment oneStop = run.buffer("oneStop", JAVA_FLOAT, (long) n * n);
    for (Routes.Edge edge : routes.edges()) {
      direct.setAtIndex(JAVA_FLOAT, (long) edge.from() * n + edge.to(), 1);
    }

    Kernel multiply =
        run.kernel(
            "matrix_multiply",
            MatrixMultiply::multiply,
            Parameter.READ,
            Parameter.READ,
            Parameter.OVERWRITE,
            Parameter.SCALAR);
    long whole = Math.ceilDiv(n, TILE) * (long) TILE;
    run.await(
        "matrix_multiply",
        multiply.launch(
            NdRange.of(whole, whole).local(TILE, TILE),
            direct,
            direct,
            Argument.overwrite(oneStop),
            n));
    run.noteResidency("after the kernel");

    run.say("%,d airports; most ways to get there with one stop, where no flight goes:", n);
    List<Map<String, Object>> top = top(run, n, direct, oneStop);
    int[][] expected = connections(n);
    long wrong = 0;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        wrong += oneStop.getAtIndex(JAVA_FLOAT, (long) i * n + j) == expected[i][j] ? 0 : 1;
      }
    }
    run.noteResidency("at the end");
    String check = "%,d of %,d elements differ from plain Java's";
    return Outcome.of(wrong == 0, check, wrong, (long) n * n).with("airports", n).with("top", top);
  }

  /** Counts connections in plain Java: along the routes, without a matrix of them. */
  private int[][] connections(int n) {
    boolean[][] seen = new boolean[n][n];
    List<List<Integer>> destinations = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      destinations.add(new ArrayList<>());
    }
    for (Routes.Edge edge : routes.edges()) {
      if (!seen[edge.from()][edge.to()]) {
        seen[edge.from()][edge.to()] = true;
        destinations.get(edge.from()).add(edge.to());
      }
    }
    int[][] connections = new int[n][n];
    for (int from = 0; from < n; from++) {
      for (int stop : destinations.get(from)) {
        for (int to : destinations.get(stop)) {
          connections[from][to]++;
        }
      }
    }
    return connections;
  }

  /** A pair of airports and the places to change between them. */
  private record Pair(int from, int to, int stops) {}

  private List<Map<String, Object>> top(
      SampleRun run, int n, MemorySegment direct, MemorySegment oneStop) {
    List<Pair> pairs = new ArrayList<>();
    for (int from = 0; from < n; from++) {
      for (int to = 0; to < n; to++) {
        long at = (long) from * n + to;
        if (from != to && direct.getAtIndex(JAVA_FLOAT, at) == 0) {
          pairs.add(new Pair(from, to, (int) oneStop.getAtIndex(JAVA_FLOAT, at)));
        }
      }
    }
    pairs.sort(Comparator.comparingInt(pair -> -pair.stops()));
    Map<String, Airport> airports = Airport.all();
    List<Map<String, Object>> top = new ArrayList<>();
    for (Pair pair : pairs.subList(0, Math.min(TOP, pairs.size()))) {
      String from = label(airports, pair.from());
      String to = label(airports, pair.to());
      run.say("  %3d  %s - %s", pair.stops(), from, to);
      top.add(Outcome.parts("from", from, "to", to, "stops", pair.stops()));
    }
    return top;
  }

  private String label(Map<String, Airport> airports, int index) {
    String code = routes.nodes().get(index);
    Airport airport = airports.get(code);
    return airport == null ? code : airport.label();
  }
}
