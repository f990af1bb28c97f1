package dev.gmem.opencl;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What has to be released, in the reverse order of its making. Threads: one at a time.
 *
 * <p>A release that fails is given up: nothing can be done about it, and the others must go on.
 */
final class Releases implements AutoCloseable {
  private final Deque<Runnable> actions = new ArrayDeque<>();

  void add(Runnable release) {
    actions.addLast(release);
  }

  @Override
  public void close() {
    while (!actions.isEmpty()) {
      try {
        actions.removeLast().run();
      } catch (ClException e) {
        continue;
      }
    }
  }
}
