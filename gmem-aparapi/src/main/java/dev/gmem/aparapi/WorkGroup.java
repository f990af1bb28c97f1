package dev.gmem.aparapi;

import dev.gmem.KernelLaunchException;
import dev.gmem.kernel.WorkItem;
import java.util.Arrays;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * Runs the work items of one group after another.
 *
 * <p>Where a kernel has barriers, each item has a thread of its own, of which one runs at a time:
 * the first item until it waits at the barrier or ends, then the second, and so on, and around
 * again. Between them and the thread that runs the group, control passes through semaphores, so the
 * device's memory is used by one thread at a time, and in order.
 *
 * <p>Threads: one group at a time.
 */
final class WorkGroup {
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().daemon().name("gmem-work-item-", 0).factory());

  /** Unwinds the items of a group in which another one failed. */
  private static final class Abandoned extends Error {
    private static final long serialVersionUID = 1L;

    Abandoned() {
      super("another work item of the group failed", null, false, false);
    }
  }

  private final String kernelName;
  private final long[] global;
  private final long[] local;
  private final boolean barriers;
  private final Semaphore[] turns;
  private final Semaphore back = new Semaphore(0);
  private final boolean[] ended;
  private boolean abandoned;
  private Throwable failure;

  WorkGroup(String kernelName, long[] global, long[] local, boolean barriers) {
    this.kernelName = kernelName;
    this.global = global;
    this.local = local;
    this.barriers = barriers;
    int items = (int) (local[0] * local[1] * local[2]);
    turns = new Semaphore[items];
    Arrays.setAll(turns, i -> new Semaphore(0));
    ended = new boolean[items];
  }

  /** Runs all items of a group. */
  void run(long[] groupId, DeviceItem[] items) {
    for (int i = 0; i < items.length; i++) {
      items[i].place(place(groupId, i));
    }
    if (!barriers || items.length == 1) {
      for (DeviceItem item : items) {
        item.execute();
      }
      return;
    }
    runInTurns(items);
  }

  private void runInTurns(DeviceItem[] items) {
    Arrays.fill(ended, false);
    abandoned = false;
    failure = null;
    for (int i = 0; i < items.length; i++) {
      int index = i;
      items[i].barrier(() -> await(index));
      THREADS.execute(() -> serve(index, items[index]));
    }
    int waiting = items.length;
    while (waiting > 0) {
      waiting = giveTurns();
      if (waiting > 0 && waiting < items.length && failure == null) {
        failure =
            new KernelLaunchException(
                "work items of one group must all reach a barrier, or none: kernel="
                    + kernelName
                    + " waiting="
                    + waiting
                    + " ended="
                    + (items.length - waiting));
      }
      abandoned = failure != null;
    }
    if (failure != null) {
      throw sneaky(failure);
    }
  }

  /** Lets every item go on to its next barrier; returns how many have one. */
  private int giveTurns() {
    int waiting = 0;
    for (int i = 0; i < turns.length; i++) {
      if (!ended[i]) {
        turns[i].release();
        back.acquireUninterruptibly();
        abandoned |= failure != null;
        waiting += ended[i] ? 0 : 1;
      }
    }
    return waiting;
  }

  private void serve(int index, DeviceItem item) {
    turns[index].acquireUninterruptibly();
    try {
      if (!abandoned) {
        item.execute();
      }
    } catch (Abandoned e) {
      // The group's failure is another item's.
    } catch (Throwable t) {
      if (failure == null) {
        failure = t;
      }
    } finally {
      ended[index] = true;
      back.release();
    }
  }

  private void await(int index) {
    back.release();
    turns[index].acquireUninterruptibly();
    if (abandoned) {
      throw new Abandoned();
    }
  }

  private WorkItem place(long[] groupId, int index) {
    long[] localId = {
      index % local[0], index / local[0] % local[1], index / local[0] / local[1],
    };
    return new Place(groupId, localId, global, local);
  }

  @SuppressWarnings("unchecked")
  private static <T extends Throwable> RuntimeException sneaky(Throwable failure) throws T {
    throw (T) failure;
  }

  /** Where an item of a group is. */
  private record Place(long[] groupIds, long[] localIds, long[] globals, long[] locals)
      implements WorkItem {
    @Override
    public long globalId(int dimension) {
      return groupId(dimension) * localSize(dimension) + localId(dimension);
    }

    @Override
    public long globalSize(int dimension) {
      return dimension < globals.length ? globals[dimension] : 1;
    }

    @Override
    public long localId(int dimension) {
      return dimension < localIds.length ? localIds[dimension] : 0;
    }

    @Override
    public long localSize(int dimension) {
      return dimension < locals.length ? locals[dimension] : 1;
    }

    @Override
    public long groupId(int dimension) {
      return dimension < groupIds.length ? groupIds[dimension] : 0;
    }
  }
}
