package dev.gmem.sim;

/** Pages that follow each other, by the runs whose frames do, too. */
final class PageRuns {
  private PageRuns() {}

  /** What visits runs. */
  @FunctionalInterface
  interface Visitor {
    /**
     * Visits a run.
     *
     * @param from its first page, as an index
     * @param frames its frames, or null if none of its pages has one
     * @param count how many pages
     */
    void visit(int from, FramePool.Run frames, int count);
  }

  /** Visits the runs of pages, in order. An index without a page is a run without frames. */
  static void forEach(Page[] pages, Visitor visitor) {
    for (int from = 0; from < pages.length; ) {
      int to = from + 1;
      while (to < pages.length && pages[from] != null && pages[to] != null) {
        if (!pages[to].follows(pages[to - 1])) {
          break;
        }
        to++;
      }
      boolean has = pages[from] != null && pages[from].hasFrame();
      visitor.visit(from, has ? pages[from].frames(to - from) : null, to - from);
      from = to;
    }
  }

  /** Gives some pages frames of their own, which hold anything. */
  static void fill(Page[] pages, int from, int count, FramePool pool, int shift, boolean writable) {
    int at = from;
    for (FramePool.Run run : pool.take(shift, count)) {
      for (int i = 0; i < run.count(); i++) {
        pages[at++] = Page.of(run.slab(), run.first() + i, writable);
      }
    }
  }

  /** Gives the frames of pages back. */
  static void give(Page[] pages, FramePool pool) {
    forEach(
        pages,
        (from, frames, count) -> {
          if (frames != null) {
            pool.give(frames);
          }
        });
  }
}
