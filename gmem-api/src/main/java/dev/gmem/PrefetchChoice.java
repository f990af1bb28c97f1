package dev.gmem;

import java.util.ArrayList;
import java.util.List;

/** The policies that come with GMEM. */
enum PrefetchChoice implements PrefetchPolicy {
  NONE {
    @Override
    public List<Span> choose(Fault fault) {
      return List.of();
    }
  },
  SEQUENTIAL {
    @Override
    public List<Span> choose(Fault fault) {
      return fault.pattern() == Pattern.SEQUENTIAL ? fault.following() : List.of();
    }
  },
  DENSITY {
    @Override
    public List<Span> choose(Fault fault) {
      return List.of(fault.dense(DENSITY_PERCENT));
    }
  },
  STANDARD {
    @Override
    public List<Span> choose(Fault fault) {
      Span dense = fault.dense(DENSITY_PERCENT);
      if (fault.pattern() == Pattern.NONE) {
        return List.of(dense);
      }
      List<Span> spans = new ArrayList<>(fault.following());
      spans.add(dense);
      return spans;
    }
  }
}
