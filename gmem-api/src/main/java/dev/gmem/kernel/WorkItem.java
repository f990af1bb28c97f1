package dev.gmem.kernel;

/**
 * Where a work item is in its range. Valid during the call only, on the thread of the call only.
 */
public interface WorkItem {
  /**
   * Returns the position along a dimension.
   *
   * @param dimension from 0
   * @return from 0, below the global size; 0 for a dimension beyond the last
   */
  long globalId(int dimension);

  /**
   * Returns the number of work items along a dimension.
   *
   * @param dimension from 0
   * @return at least 1
   */
  long globalSize(int dimension);

  /**
   * Returns the position within the work group along a dimension.
   *
   * @param dimension from 0
   * @return from 0, below the local size
   */
  long localId(int dimension);

  /**
   * Returns the size of a work group along a dimension.
   *
   * @param dimension from 0
   * @return at least 1
   */
  long localSize(int dimension);

  /**
   * Returns the position of the work group along a dimension.
   *
   * @param dimension from 0
   * @return from 0
   */
  default long groupId(int dimension) {
    return globalId(dimension) / localSize(dimension);
  }
}
