package dev.gmem.testkit.scenario;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * One step of a random program. Any list of steps is a program, so that a part of one is one, too;
 * what a number means follows from what is there when its step comes.
 *
 * @param what what to do
 * @param device which device, from 0
 * @param buffer which buffer, from 0
 * @param first first granule
 * @param granules how many
 * @param offset bytes into the first granule, where parts of granules are allowed; chooses between
 *     variants, too
 * @param value what to write
 */
record Operation(
    What what, int device, int buffer, int first, int granules, int offset, int value) {
  /** The first ones touch memory, and come most often. */
  enum What {
    HOST_READ,
    HOST_WRITE,
    HOST_ADD,
    HOST_FILL,
    HOST_COMPARE,
    LAUNCH_NUMBER,
    LAUNCH_INCREMENT,
    LAUNCH_COPY,
    PREFETCH,
    PREFETCH_TO_HOST,
    COPY,
    ADVISE,
    DONT_NEED_OR_FLUSH,
    MOVE,
    UNMAP,
    REALLOCATE,
    REATTACH,
    KILL
  }

  static final int DEVICES = 2;
  static final int BUFFERS = 3;

  /** Of a buffer. */
  static final int GRANULES = 16;

  /** Of a range, so that two of them fit devices that cannot take faults. */
  static final int GRANULES_MAX = 6;

  private static final int TOUCHING = What.PREFETCH.ordinal();

  /** Returns the program of a seed. */
  static List<Operation> program(long seed, int steps) {
    Random random = new Random(seed);
    return Stream.generate(() -> next(random)).limit(steps).toList();
  }

  private static Operation next(Random random) {
    What[] all = What.values();
    What what = all[random.nextInt(random.nextInt(3) == 0 ? all.length : TOUCHING)];
    int first = random.nextInt(GRANULES);
    return new Operation(
        what,
        random.nextInt(DEVICES),
        random.nextInt(BUFFERS),
        first,
        1 + random.nextInt(Math.min(GRANULES_MAX, GRANULES - first)),
        random.nextInt(ScenarioContract.GRANULE_BYTES),
        random.nextInt());
  }

  /** First byte of whole granules. */
  int from() {
    return first * ScenarioContract.GRANULE_BYTES;
  }

  /** Size of whole granules. */
  int bytes() {
    return granules * ScenarioContract.GRANULE_BYTES;
  }
}
