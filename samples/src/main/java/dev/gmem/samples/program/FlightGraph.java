package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.gmem.AllocationStatistics;
import dev.gmem.Argument;
import dev.gmem.Kernel;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.kernel.KernelArguments;
import dev.gmem.kernel.WorkItem;
import dev.gmem.samples.console.Progress;
import dev.gmem.samples.console.Refusal;
import dev.gmem.samples.data.Airport;
import dev.gmem.samples.data.Routes;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import picocli.CommandLine.Option;

/**
 * Ranks airports by PageRank: where somebody ends up who keeps boarding a random departing flight.
 *
 * <p>Every iteration alternates on the same buffers: the CPU adds up the rank of airports without
 * departures, the device gathers along the routes, the CPU measures how much has changed.
 */
public final class FlightGraph implements Sample {
  /** Greatest difference from plain Java's ranks that passes; all ranks add up to one. */
  static final double BOUND = 1e-6;

  private static final int ITERATIONS_MAX = 10_000;
  private static final int TOP = 10;

  @Option(
      names = "--routes",
      paramLabel = "CSV",
      description = "Columns origin, destination, count (default: US flights of 2008, built in).")
  private Path file;

  @Option(
      names = "--damping",
      paramLabel = "SHARE",
      description = "How often to fly on rather than start anew (default: ${DEFAULT-VALUE}).")
  private float damping = 0.85f;

  @Option(
      names = "--tolerance",
      paramLabel = "CHANGE",
      description = "Stop when an iteration changes less than this (default: ${DEFAULT-VALUE}).")
  private double tolerance = 1e-6;

  @Option(
      names = "--iterations",
      paramLabel = "COUNT",
      description = "Stop after this many iterations at the latest (default: ${DEFAULT-VALUE}).")
  private int iterationsMax = 200;

  private Routes routes;

  /** Makes one with default options. */
  public FlightGraph() {}

  private static void gather(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    long v = item.globalId(0);
    int edge = memory.getInt(arguments.address(0) + v * Integer.BYTES);
    int end = memory.getInt(arguments.address(0) + (v + 1) * Integer.BYTES);
    float sum = 0;
    for (; edge < end; edge++) {
      long source = memory.getInt(arguments.address(1) + (long) edge * Integer.BYTES);
      float share = memory.getFloat(arguments.address(2) + (long) edge * Float.BYTES);
      sum += share * memory.getFloat(arguments.address(3) + source * Float.BYTES);
    }
    float next = arguments.getFloat(6) + arguments.getFloat(5) * sum;
    memory.putFloat(arguments.address(4) + v * Float.BYTES, next);
  }

  @Override
  public String name() {
    return "flight-graph";
  }

  @Override
  public String description() {
    return "Ranks airports by their flights (PageRank).";
  }

  /** The graph is small: small granules show better what moves. */
  @Override
  public SpaceOptions layout() {
    return SpaceOptions.defaults().withGranuleBytes(SpaceOptions.GRANULE_BYTES_MIN);
  }

  @Override
  public void prepare() {
    Refusal.requireRange("--iterations", iterationsMax, 1, ITERATIONS_MAX);
    if (!(damping > 0 && damping < 1)) {
      throw Refusal.usage("--damping must be between 0 and 1, but is " + damping);
    }
    if (!(tolerance >= 0)) {
      throw Refusal.usage("--tolerance must not be negative, but is " + tolerance);
    }
    routes = Routes.read(file);
  }

  @Override
  public Outcome run(SampleRun run) {
    int n = routes.nodes().size();
    double[] departures = routes.departures();
    IncomingRoutes incoming = IncomingRoutes.of(routes, departures);
    MemorySegment first = run.buffer("first", incoming.first());
    MemorySegment source = run.buffer("source", incoming.source());
    MemorySegment share = run.buffer("share", incoming.share());
    MemorySegment rank = run.buffer("rank", JAVA_FLOAT, n);
    MemorySegment next = run.buffer("next", JAVA_FLOAT, n);
    for (int v = 0; v < n; v++) {
      rank.setAtIndex(JAVA_FLOAT, v, 1f / n);
    }

    Kernel gather =
        run.kernel(
            "rank_gather",
            FlightGraph::gather,
            Parameter.READ,
            Parameter.READ,
            Parameter.READ,
            Parameter.READ,
            Parameter.OVERWRITE,
            Parameter.SCALAR,
            Parameter.SCALAR);
    int[] stranded = IntStream.range(0, n).filter(v -> departures[v] == 0).toArray();
    int iteration = 0;
    double change = Double.POSITIVE_INFINITY;
    AllocationStatistics before = run.space().statistics().total();
    try (Progress progress = run.progress("iteration", iterationsMax)) {
      while (iteration < iterationsMax && change > tolerance) {
        before = run.space().statistics().total();
        float base = base(n, rank, stranded);
        gather
            .launch(
                NdRange.of(n), first, source, share, rank, Argument.overwrite(next), damping, base)
            .join();
        change = change(n, rank, next);
        MemorySegment old = rank;
        rank = next;
        next = old;
        progress.at(++iteration);
      }
    }
    run.noteResidency("at the end");
    AllocationStatistics after = run.space().statistics().total();
    run.say(
        "%,d airports, %,d routes; %d iterations, of which the last moved %s to %s and %s back",
        n,
        routes.edges().size(),
        iteration,
        Summary.bytes(after.bytesToDevices() - before.bytesToDevices()),
        run.device().id(),
        Summary.bytes(after.bytesToHost() - before.bytesToHost()));

    double[] expected = RankReference.ranks(routes, damping, iteration);
    double distance = 0;
    for (int v = 0; v < n; v++) {
      distance = Distance.max(distance, rank.getAtIndex(JAVA_FLOAT, v) - expected[v]);
    }
    String check = "ranks differ from plain Java's by at most %.2g (bound %.0e)";
    return Outcome.of(distance <= BOUND, check, distance, BOUND)
        .with("airports", n)
        .with("routes", routes.edges().size())
        .with("iterations", iteration)
        .with("lastChange", change)
        .with("distanceMax", distance)
        .with("top", top(run, rank));
  }

  private float base(int n, MemorySegment rank, int[] stranded) {
    double lost = 0;
    for (int v : stranded) {
      lost += rank.getAtIndex(JAVA_FLOAT, v);
    }
    return (float) ((1 - damping + damping * lost) / n);
  }

  private static double change(int n, MemorySegment rank, MemorySegment next) {
    double change = 0;
    for (int v = 0; v < n; v++) {
      change += Math.abs(next.getAtIndex(JAVA_FLOAT, v) - rank.getAtIndex(JAVA_FLOAT, v));
    }
    return change;
  }

  private List<Map<String, Object>> top(SampleRun run, MemorySegment rank) {
    Map<String, Airport> airports = Airport.all();
    List<Integer> order =
        new ArrayList<>(IntStream.range(0, routes.nodes().size()).boxed().toList());
    order.sort(Comparator.comparingDouble(v -> -rank.getAtIndex(JAVA_FLOAT, v)));
    List<Map<String, Object>> top = new ArrayList<>();
    for (int v : order.subList(0, Math.min(TOP, order.size()))) {
      String code = routes.nodes().get(v);
      Airport airport = airports.get(code);
      String label = airport == null ? code : airport.label();
      float score = rank.getAtIndex(JAVA_FLOAT, v);
      run.say("  %2d  %.5f  %s", top.size() + 1, score, label);
      top.add(Outcome.parts("airport", label, "score", score));
    }
    return top;
  }
}
