package dev.gmem.core.sync;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Platform threads, which a program's virtual threads cannot starve: a launch that waits for a
 * carrier while the carriers' threads wait for the launch would never start.
 */
final class Starters {
  private static final ExecutorService THREADS =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("gmem-launch-", 0).factory());

  private Starters() {}

  static void start(Runnable task) {
    THREADS.execute(task);
  }
}
