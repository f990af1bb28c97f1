package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;

/** One step of a random program. */
record RandomOperation(What what, int device, int buffer, int first, int end, int offset) {
  /** What the program does next. */
  enum What {
    HOST_READ,
    HOST_WRITE,
    PINNED_WRITE,
    DEVICE_READ,
    DEVICE_WRITE,
    LAUNCH_READ,
    LAUNCH_WRITE,
    LAUNCH_OVERWRITE,
    PREFETCH,
    PREFETCH_TO_HOST,
    ADVISE,
    DONT_NEED,
    COPY,
    FAIL_NEXT_CALL,
    UNMAP,
    REMAP,
    REALLOCATE,
    QUOTA,
    REATTACH,
    KILL
  }

  long from() {
    return (long) Math.min(first, end) * GRANULE;
  }

  long bytes() {
    return (Math.abs(end - first) + 1L) * GRANULE;
  }

  /** An address for eight bytes, which may lie in two granules. */
  long at() {
    return Math.min(from() + offset, RandomOperationsTest.GRANULES * GRANULE - 8);
  }
}
