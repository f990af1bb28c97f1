package dev.gmem.sim;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The threads that run kernels, and the queue they take launches from.
 *
 * <p>Launches begin in the order in which they were submitted; each takes all workers that are
 * free, and the next one begins when its last chunk has been taken. Results are completed on a
 * worker, so what depends on them must not wait for this device.
 *
 * <p>Threads: any. The lock covers the queue and the counts of active workers; nothing is called
 * under it.
 */
final class Workers {
  private final SimDevice device;
  private final SimSpace space;
  private final int count;
  private final List<Thread> threads = new ArrayList<>();
  private final List<WorkerMemory> memories = new ArrayList<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<Launch> queue = new ArrayDeque<>();
  private int running;
  private boolean closing;

  Workers(SimDevice device, SimSpace space, int count) {
    this.device = device;
    this.space = space;
    this.count = count;
  }

  /** Adds a launch to the queue. */
  void submit(Launch launch) {
    lock.lock();
    try {
      if (closing) {
        throw new IllegalStateException("the device is being closed: device=" + device.id());
      }
      if (threads.isEmpty()) {
        start();
      }
      queue.add(launch);
      running++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void start() {
    for (int i = 0; i < count; i++) {
      threads.add(
          Thread.ofPlatform().daemon().name(device.id() + "-worker-" + i).start(this::serve));
    }
  }

  private void serve() {
    WorkerMemory memory = new WorkerMemory(device, space);
    lock.lock();
    try {
      memories.add(memory);
    } finally {
      lock.unlock();
    }
    for (Launch launch = next(); launch != null; launch = next()) {
      launch.work(memory);
      done(launch);
    }
  }

  /** Waits for a launch that has work left; null when there will be none. */
  private Launch next() {
    lock.lock();
    try {
      while (true) {
        while (!queue.isEmpty() && queue.getFirst().isExhausted()) {
          queue.removeFirst();
        }
        if (!queue.isEmpty()) {
          Launch launch = queue.getFirst();
          launch.enter();
          return launch;
        }
        if (closing) {
          return null;
        }
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private void done(Launch launch) {
    boolean last;
    lock.lock();
    try {
      queue.remove(launch);
      last = launch.leave();
      if (last) {
        device.counters().launches.increment();
        running--;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
    if (last) {
      launch.complete();
    }
  }

  /** Waits until all launches have ended, and ends the threads. */
  void close() {
    List<Thread> ending;
    lock.lock();
    try {
      closing = true;
      while (running > 0) {
        changed.awaitUninterruptibly();
      }
      changed.signalAll();
      ending = List.copyOf(threads);
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    for (Thread thread : ending) {
      while (thread.isAlive() && thread != Thread.currentThread()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  long tlbHits() {
    lock.lock();
    try {
      return memories.stream().mapToLong(WorkerMemory::tlbHits).sum();
    } finally {
      lock.unlock();
    }
  }

  long tlbMisses() {
    lock.lock();
    try {
      return memories.stream().mapToLong(WorkerMemory::tlbMisses).sum();
    } finally {
      lock.unlock();
    }
  }
}
