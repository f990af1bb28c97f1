package dev.gmem.opencl;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;

/**
 * An in-order queue, and whoever waits for its commands.
 *
 * <p><b>Waiting.</b> Commands end in the order in which they were enqueued, so one waiter at a time
 * is enough. OpenCL's callbacks are not used: they come on threads of the driver, which must not
 * run our code, and cost more than a thread that waits (measured on PoCL: 140 against 90 µs).
 *
 * <p>Whoever joins a result waits for the device by itself, which saves a switch of threads. While
 * one result after the other is joined, the waiter is only in the way (two threads that are woken
 * for the same end); so it leaves each new batch to whoever joins it, and sees to it a moment later
 * if nobody did. What somebody waits for is none of its business.
 *
 * <p><b>Guarantees.</b> Each batch is told its end exactly once, after all of its commands have
 * ended, failed ones and those after a failure included: memory that a command uses is not let go
 * before.
 *
 * <p><b>Threads.</b> Any may submit. Ends of a lane of kernels are told on threads that nothing
 * else waits for, so that whoever is told may block; those of a lane of transfers one after
 * another. All are platform threads: virtual ones would not get a carrier while a program's spin
 * for the end. Where no thread can be had, whoever submits waits for the end and tells it, and the
 * waiter tells by itself what it would hand over.
 */
final class Lane {
  private static final long POLL_NANOS = 50_000;

  /** So many joined results in a row let the waiter expect the next one to be joined. */
  private static final int JOINED_MIN = 4;

  /** How long it leaves a batch alone then. */
  private static final long LEAVE_NANOS = 500_000;

  /** How long it stays without a batch then, because to wake it costs whoever submits the next. */
  private static final long STAY_NANOS = 5_000_000;

  /** Enqueues the commands of a batch. */
  interface Commands {
    /**
     * Enqueues.
     *
     * @param queue the lane's queue
     * @param events where each command's event goes at once
     */
    void enqueue(cl_command_queue queue, List<cl_event> events);
  }

  /** Is told that a batch has ended. */
  interface End {
    /**
     * Takes note. The events are released afterwards.
     *
     * @param events of the commands that were enqueued
     * @param failure what failed first, or null
     * @return what to do last
     */
    Runnable ended(List<cl_event> events, ClException failure);
  }

  private final Cl cl;
  private final cl_command_queue queue;
  private final Executor threads;
  private final boolean endsMayBlock;
  private final Deque<Batch> pending = new ArrayDeque<>();
  private Thread waiter;
  private boolean waiting;
  private boolean resting;
  private boolean closed;
  private int underWay;
  private int helpers;
  private int joined;
  private long lastNanos;

  /**
   * Makes one.
   *
   * @param cl OpenCL
   * @param queue in-order; belongs to the lane
   * @param threads where to wait, and to tell ends: platform threads
   * @param endsMayBlock whether ends may block
   */
  Lane(Cl cl, cl_command_queue queue, Executor threads, boolean endsMayBlock) {
    this.cl = cl;
    this.queue = queue;
    this.threads = threads;
    this.endsMayBlock = endsMayBlock;
  }

  /** How many batches have not ended. */
  synchronized int load() {
    return underWay;
  }

  /**
   * Enqueues a batch and returns at once.
   *
   * @param commands enqueues it
   * @param end is told, on another thread, or on this one if no command could be enqueued or no
   *     thread be had
   * @return the batch
   */
  Batch submit(Commands commands, End end) {
    List<cl_event> events = new ArrayList<>(1);
    Batch batch;
    synchronized (this) {
      ClException failure = null;
      try {
        commands.enqueue(queue, events);
        cl.flush(queue);
      } catch (ClException e) {
        failure = e;
      }
      batch = new Batch(cl, events, failure, end);
      if (!events.isEmpty() && add(batch)) {
        return batch;
      }
    }
    if (!events.isEmpty()) {
      help(batch);
      return batch;
    }
    batch.enter();
    Runnable rest = batch.ended(null);
    batch.leave();
    rest.run();
    return batch;
  }

  /**
   * Enqueues commands that have ended when that returns, and tells the end on this thread.
   *
   * <p>Others may submit meanwhile: the queue is in order, but commands that overlap in time do not
   * depend on each other.
   *
   * @param commands blocks
   * @param end is told before this returns
   */
  void run(Commands commands, End end) {
    List<cl_event> events = new ArrayList<>(1);
    ClException failure = null;
    Runnable rest;
    synchronized (this) {
      underWay++;
      helpers++;
    }
    try {
      try {
        commands.enqueue(queue, events);
      } catch (ClException e) {
        failure = e;
      }
      Batch batch = new Batch(cl, events, failure, end);
      batch.enter();
      rest = batch.ended(await(batch));
      batch.leave();
    } finally {
      synchronized (this) {
        underWay--;
        helpers--;
        notifyAll();
      }
    }
    rest.run();
  }

  /** Adds a batch; returns false if nobody will wait for it. */
  private boolean add(Batch batch) {
    pending.addLast(batch);
    underWay++;
    lastNanos = batch.enqueuedNanos();
    if (!waiting) {
      waiting = starts(this::waitForAll);
      return waiting;
    }
    if (resting && joined < JOINED_MIN) {
      LockSupport.unpark(waiter);
    }
    return true;
  }

  /** Has a thread do something; returns false if none can be had. */
  private boolean starts(Runnable work) {
    try {
      threads.execute(work);
      return true;
    } catch (RejectedExecutionException | OutOfMemoryError e) {
      return false;
    }
  }

  private void waitForAll() {
    while (true) {
      Batch batch = next();
      if (batch == null) {
        return;
      }
      if (!batch.enter()) {
        continue;
      }
      Runnable rest = batch.ended(await(batch));
      batch.leave();
      if (rest == null) {
        continue;
      }
      boolean last = told(batch);
      if (!endsMayBlock) {
        rest.run();
      } else if (last) {
        rest.run();
        return;
      } else if (!starts(rest)) {
        rest.run(); // whoever waits for later batches waits for this one, too
      }
    }
  }

  /** The batch to wait for; null to stop. */
  private Batch next() {
    while (true) {
      synchronized (this) {
        waiter = Thread.currentThread();
        resting = false;
        Batch batch = firstAlone();
        boolean patient = joined >= JOINED_MIN && !closed;
        if (batch != null) {
          if (!patient || System.nanoTime() - batch.enqueuedNanos() >= LEAVE_NANOS) {
            pending.remove(batch);
            return batch;
          }
        } else if (pending.isEmpty() && (!patient || System.nanoTime() - lastNanos >= STAY_NANOS)) {
          stop();
          return null;
        }
        resting = true;
      }
      LockSupport.parkNanos(LEAVE_NANOS);
    }
  }

  /** The first batch that nobody waits for: whoever joins one tells its end. */
  private Batch firstAlone() {
    for (Batch batch : pending) {
      if (!batch.isAttended()) {
        return batch;
      }
    }
    return null;
  }

  /**
   * The waiter has told an end.
   *
   * @param batch whose end
   * @return whether there is nothing to wait for, and the next batch gets another waiter, if this
   *     one may block
   */
  private synchronized boolean told(Batch batch) {
    underWay--;
    if (!batch.wasJoined()) {
      joined = 0;
    }
    if (!endsMayBlock || !pending.isEmpty()) {
      return false;
    }
    stop();
    return true;
  }

  private void stop() {
    waiter = null;
    waiting = false;
    notifyAll();
  }

  /** Waits for a batch on the calling thread, and tells its end if nobody was faster. */
  void help(Batch batch) {
    synchronized (this) {
      if (!batch.enter()) {
        return;
      }
      batch.joined();
      helpers++;
      joined = Math.min(joined + 1, JOINED_MIN);
    }
    Runnable rest = batch.ended(await(batch));
    batch.leave();
    synchronized (this) {
      helpers--;
      if (rest != null) {
        underWay--;
        pending.remove(batch);
      }
      notifyAll();
    }
    if (rest != null) {
      rest.run();
    }
  }

  /** Waits until all commands of a batch have ended; returns what failed first, or null. */
  private ClException await(Batch batch) {
    ClException failure = null;
    for (cl_event event : batch.events()) {
      ClException failed = await(event);
      failure = failure == null ? failed : failure;
    }
    return failure;
  }

  /** Waits until a command has ended, whatever it takes; returns its failure, or null. */
  private ClException await(cl_event event) {
    try {
      cl.await(event);
      return null;
    } catch (ClException e) {
      return poll(event, e);
    }
  }

  private ClException poll(cl_event event, ClException failed) {
    while (true) {
      int status;
      try {
        status = cl.status(event);
      } catch (ClException e) {
        return finish(failed);
      }
      if (status < 0) {
        return new ClException("a command", status);
      }
      if (status == ClCode.SUCCESS) {
        return null;
      }
      LockSupport.parkNanos(POLL_NANOS);
    }
  }

  /** Nothing is known of the command but that it is over, if even that. */
  private ClException finish(ClException failed) {
    try {
      cl.finish(queue);
    } catch (ClException e) {
      failed.addSuppressed(e);
    }
    return failed;
  }

  /** Waits for all commands, and releases the queue. Nothing is submitted any more. */
  void close() {
    try (Releases releases = new Releases()) {
      releases.add(() -> cl.releaseQueue(queue));
      releases.add(() -> cl.finish(queue));
    }
    boolean interrupted = false;
    synchronized (this) {
      closed = true;
      LockSupport.unpark(waiter);
      while (waiting || helpers > 0) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
