package dev.gmem.bench;

/** How long to measure. */
public enum Effort {
  /** Once, to see that the benchmark works; the figures mean nothing. */
  SMOKE,
  /** A first impression. */
  QUICK,
  /** As for the documentation. */
  FULL;

  /**
   * Chooses what depends on the effort.
   *
   * @param <T> what is chosen
   * @param smoke for {@link #SMOKE}
   * @param quick for {@link #QUICK}
   * @param full for {@link #FULL}
   * @return one of them
   */
  public <T> T pick(T smoke, T quick, T full) {
    return switch (this) {
      case SMOKE -> smoke;
      case QUICK -> quick;
      case FULL -> full;
    };
  }
}
