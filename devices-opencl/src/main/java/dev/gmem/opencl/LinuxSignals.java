package dev.gmem.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * The signals of the process this runs in, on 64-bit Linux, whose C libraries agree on {@code
 * struct sigaction}: the function, 128 bytes of mask, the flags, and the way back.
 *
 * <p>The C library is asked by its own symbol, which a preloaded {@code libjsig} does not hide.
 * Threads: one at a time.
 */
final class LinuxSignals implements SignalTable {
  private static final int KILL = 9;
  private static final int STOP = 19;
  private static final long ACTION_BYTES = 152;

  private final MethodHandle sigaction;
  private final MemorySegment buffer = Arena.global().allocate(ACTION_BYTES, Long.BYTES);

  private LinuxSignals(MethodHandle sigaction) {
    this.sigaction = sigaction;
  }

  /** The process's signals; empty on another system. */
  static Optional<SignalTable> find() {
    if (!"Linux".equals(System.getProperty("os.name")) || ADDRESS.byteSize() != Long.BYTES) {
      return Optional.empty();
    }
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find("sigaction")
        .map(
            address ->
                linker.downcallHandle(
                    address, FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS)))
        .map(LinuxSignals::new);
  }

  private void call(int signal, MemorySegment set, MemorySegment get) {
    int code;
    try {
      code = (int) sigaction.invokeExact(signal, set, get);
    } catch (Throwable t) {
      throw new IllegalStateException("sigaction of signal " + signal, t);
    }
    if (code != 0) {
      throw new IllegalStateException("sigaction of signal " + signal + " failed");
    }
  }

  @Override
  public boolean catches(int signal) {
    return signal != KILL && signal != STOP;
  }

  @Override
  public long handler(int signal) {
    call(signal, MemorySegment.NULL, buffer);
    return buffer.get(JAVA_LONG, 0);
  }

  @Override
  public Action action(int signal) {
    long handler = handler(signal);
    return new Action(handler, buffer.asSlice(Long.BYTES).toArray(JAVA_BYTE));
  }

  @Override
  public void set(int signal, Action action) {
    buffer.set(JAVA_LONG, 0, action.handler());
    MemorySegment.copy(action.rest(), 0, buffer, JAVA_BYTE, Long.BYTES, action.rest().length);
    call(signal, buffer, MemorySegment.NULL);
  }
}
