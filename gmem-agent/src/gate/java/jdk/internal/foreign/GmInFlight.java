package jdk.internal.foreign;

import jdk.internal.misc.Unsafe;

/**
 * Shows which accesses are under way, so that a gate can wait for them.
 *
 * <p>A thread takes a seat, looks at the gate, accesses memory, and leaves the seat. It takes
 * {@link GmSeat its own}, or, if it has none, one of those that all share; these are sequence
 * numbers, odd while taken.
 *
 * <p>Guarantee: if a gate was tightened, and then {@link #drain} has returned, then no seated
 * access that passed the gate before is under way. Taking a shared seat and tightening a gate are
 * both volatile updates, each followed by a volatile read of what the other has written: a thread
 * that did not see the tight gate had its seat taken before {@code drain} looked at it. {@link
 * GmSeat} says why the same holds for a seat of one's own.
 *
 * <p>Progress: {@code drain} waits for each seat at most once, so others that come and go do not
 * hold it up; nobody blocks while seated. Any thread may call any method.
 */
final class GmInFlight {
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();
  private static final int SEATS = 256;
  private static final int SEAT_BYTES = 128; // two cache lines: neighbours are prefetched in pairs
  private static final int SPINS_BEFORE_WAIT = 200;
  private static final int WAIT_NANOS = 20_000;
  private static final long OWN_SEAT = -1;
  private static final long[] SEQUENCES =
      new long[(SEATS + 1) * SEAT_BYTES / Unsafe.ARRAY_LONG_INDEX_SCALE];

  private GmInFlight() {}

  /** Takes a seat. Returns it, for {@link #leave}. */
  static long take() {
    GmSeat own = GmSeat.mineOrNew();
    if (own != null) {
      own.sit();
      return OWN_SEAT;
    }
    int seat = (int) Thread.currentThread().threadId();
    while (true) {
      long offset = offset(seat);
      long sequence = UNSAFE.getLong(SEQUENCES, offset);
      if ((sequence & 1) == 0
          && UNSAFE.compareAndSetLong(SEQUENCES, offset, sequence, sequence + 1)) {
        return offset;
      }
      seat++;
      if ((seat & SEATS - 1) == 0) {
        Thread.onSpinWait();
      }
    }
  }

  static void leave(long seat) {
    if (seat == OWN_SEAT) {
      GmSeat.mine().leave();
    } else {
      UNSAFE.putLongRelease(SEQUENCES, seat, UNSAFE.getLong(SEQUENCES, seat) + 1);
    }
  }

  /** Waits until everybody who was seated when this was called has left. */
  static void drain() {
    long epoch = GmSeat.nextEpoch();
    GmFence.run(); // between what was taken away, in the gate or the table, and the seats
    GmSeat.awaitOlder(epoch);
    for (int seat = 0; seat < SEATS; seat++) {
      long offset = offset(seat);
      long sequence = UNSAFE.getLongVolatile(SEQUENCES, offset);
      if ((sequence & 1) != 0) {
        GmCounters.add(GmCounters.WAITS);
        Patience patience = new Patience();
        while (UNSAFE.getLongVolatile(SEQUENCES, offset) == sequence) {
          patience.pause();
        }
      }
    }
  }

  /** Waits for an access: spins first, since most take nanoseconds. */
  static final class Patience {
    private int spins;

    void pause() {
      if (++spins < SPINS_BEFORE_WAIT) {
        Thread.onSpinWait();
      } else {
        UNSAFE.park(false, WAIT_NANOS); // not a yield: the thread may hold what others wait for
      }
    }
  }

  private static long offset(int seat) {
    return Unsafe.ARRAY_LONG_BASE_OFFSET + ((seat & SEATS - 1) + 1L) * SEAT_BYTES;
  }
}
