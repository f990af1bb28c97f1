package dev.gmem.opencl;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The signals of the process this runs in. Threads: one at a time. */
final class LinuxSignals implements SignalTable {
  private static final int KILL = 9;
  private static final int STOP = 19;
  private static final long ACTION_BYTES = 4 * Long.BYTES;
  private static final long MASK_BYTES = 8;

  private final LinuxCalls linux;
  private final MemorySegment buffer = Arena.global().allocate(ACTION_BYTES, Long.BYTES);

  LinuxSignals(LinuxCalls linux) {
    this.linux = linux;
  }

  private void call(int signal, long set, long get) {
    if (linux.call(linux.numbers().sigaction(), signal, set, get, MASK_BYTES) != 0) {
      throw new IllegalStateException("rt_sigaction of signal " + signal + " failed");
    }
  }

  @Override
  public boolean catches(int signal) {
    return signal != KILL && signal != STOP;
  }

  @Override
  public Action action(int signal) {
    call(signal, 0, buffer.address());
    return new Action(
        buffer.getAtIndex(JAVA_LONG, 0),
        buffer.getAtIndex(JAVA_LONG, 1),
        buffer.getAtIndex(JAVA_LONG, 2),
        buffer.getAtIndex(JAVA_LONG, 3));
  }

  @Override
  public void set(int signal, Action action) {
    buffer.setAtIndex(JAVA_LONG, 0, action.handler());
    buffer.setAtIndex(JAVA_LONG, 1, action.flags());
    buffer.setAtIndex(JAVA_LONG, 2, action.restorer());
    buffer.setAtIndex(JAVA_LONG, 3, action.mask());
    call(signal, buffer.address(), 0);
  }
}
