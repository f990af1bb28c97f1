package dev.gmem.sim;

import dev.gmem.NdRange;
import dev.gmem.kernel.WorkItem;

/** A cursor over the work items of a range, the first dimension fastest. Threads: one. */
final class SimWorkItem implements WorkItem {
  private final NdRange range;
  private final long size0;
  private final long size1;
  private long id0;
  private long id1;
  private long id2;

  SimWorkItem(NdRange range) {
    this.range = range;
    size0 = range.globalSize(0);
    size1 = range.globalSize(1);
  }

  /** Moves to a work item by its number. */
  void seek(long number) {
    id0 = number % size0;
    id1 = number / size0 % size1;
    id2 = number / size0 / size1;
  }

  /** Moves to the next one. */
  void advance() {
    if (++id0 == size0) {
      id0 = 0;
      if (++id1 == size1) {
        id1 = 0;
        id2++;
      }
    }
  }

  @Override
  public long globalId(int dimension) {
    return switch (dimension) {
      case 0 -> id0;
      case 1 -> id1;
      case 2 -> id2;
      default -> 0;
    };
  }

  @Override
  public long globalSize(int dimension) {
    return range.globalSize(dimension);
  }

  @Override
  public long localId(int dimension) {
    return globalId(dimension) % range.localSize(dimension);
  }

  @Override
  public long localSize(int dimension) {
    return range.localSize(dimension);
  }
}
