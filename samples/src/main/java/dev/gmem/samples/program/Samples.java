package dev.gmem.samples.program;

import java.util.List;
import java.util.function.Supplier;

/** All samples there are. */
public final class Samples {
  private static final List<Supplier<Sample>> ALL =
      List.of(
          VectorAdd::new,
          EdgeDetect::new,
          FlightGraph::new,
          GameOfLife::new,
          Mandelbrot::new,
          NBody::new,
          KMeans::new,
          MatrixMultiply::new);

  private Samples() {}

  /**
   * Makes one of each.
   *
   * @return new samples with default options, the simplest first
   */
  public static List<Sample> all() {
    return ALL.stream().map(Supplier::get).toList();
  }
}
