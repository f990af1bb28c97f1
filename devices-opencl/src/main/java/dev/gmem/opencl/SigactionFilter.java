package dev.gmem.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Has Linux ask before a thread, or one that it started, sets a signal handler: a seccomp filter
 * with a listener, which needs no privilege.
 *
 * <p>A filter stays for the thread's life, and a listener must answer as long; without one the
 * threads' attempts fail. Other system calls pay some ten nanoseconds. The structures are those of
 * {@code seccomp(2)} and {@code seccomp_unotify(2)}.
 */
final class SigactionFilter {
  private static final int SET_NO_NEW_PRIVILEGES = 38;
  private static final long FILTER_MODE = 1;

  /** With a listener, and without the mitigations that would slow a compute thread down. */
  private static final long FLAGS = 8 | 4;

  private static final int LOAD = 0x20;
  private static final int JUMP_IF_EQUAL = 0x15;
  private static final int RETURN = 0x06;
  private static final int NOTIFY = 0x7fc00000;
  private static final int ALLOW = 0x7fff0000;
  private static final int STATEMENT_BYTES = 8;

  private static final long RECEIVE = 0xC050_2100L;
  private static final long SEND = 0xC018_2101L;
  private static final int ANSWER_AS_USUAL = 1;

  private static final int INTERRUPTED = 4;
  private static final int GONE = 2;

  /** {@code struct seccomp_notif}, and {@code struct seccomp_notif_resp}. */
  private static final long QUESTION_BYTES = 80;

  private static final long THREAD_AT = 8;
  private static final long ARGUMENTS_AT = 32;
  private static final long ANSWER_BYTES = 24;
  private static final long FLAGS_AT = 20;

  /** Where mask, flags and way back lie in the C library's structure, behind the function. */
  private static final int MASK_AT = 0;

  private static final int FLAGS_OF_ACTION_AT = 128;
  private static final int RESTORER_AT = 136;
  private static final long KERNELS_ACTION_BYTES = 32;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final MemoryLayout CALL_STATE = Linker.Option.captureStateLayout();

  /** What differs between processors. */
  private record Machine(int audit, int sigaction, long seccomp) {
    static Optional<Machine> here() {
      return switch (System.getProperty("os.arch")) {
        case "amd64" -> Optional.of(new Machine(0xC000003E, 13, 317));
        case "aarch64" -> Optional.of(new Machine(0xC00000B7, 134, 277));
        default -> Optional.empty();
      };
    }

    /** Asks for {@code rt_sigaction} of this processor, and allows the rest. */
    byte[] program() {
      ByteBuffer code = ByteBuffer.allocate(6 * STATEMENT_BYTES).order(ByteOrder.nativeOrder());
      statement(code, LOAD, 0, 0, 4);
      statement(code, JUMP_IF_EQUAL, 0, 3, audit);
      statement(code, LOAD, 0, 0, 0);
      statement(code, JUMP_IF_EQUAL, 0, 1, sigaction);
      statement(code, RETURN, 0, 0, NOTIFY);
      statement(code, RETURN, 0, 0, ALLOW);
      return code.array();
    }

    private static void statement(ByteBuffer code, int what, int then, int otherwise, int value) {
      code.putShort((short) what).put((byte) then).put((byte) otherwise).putInt(value);
    }
  }

  private final int listener;
  private final MethodHandle ioctl;
  private final MemorySegment errno = Arena.global().allocate(CALL_STATE);
  private final MemorySegment question = Arena.global().allocate(QUESTION_BYTES, Long.BYTES);
  private final MemorySegment answer = Arena.global().allocate(ANSWER_BYTES, Long.BYTES);

  private SigactionFilter(int listener) {
    this.listener = listener;
    this.ioctl =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("ioctl"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS),
            Linker.Option.firstVariadicArg(2),
            Linker.Option.captureCallState("errno"));
  }

  /**
   * Puts a filter on the calling thread.
   *
   * @return empty where the system has none, or refuses
   */
  static Optional<SigactionFilter> install() {
    return Machine.here()
        .map(SigactionFilter::install)
        .filter(fd -> fd >= 0)
        .map(SigactionFilter::new);
  }

  private static int install(Machine machine) {
    MemorySegment prctl = LINKER.defaultLookup().findOrThrow("prctl");
    MemorySegment syscall = LINKER.defaultLookup().findOrThrow("syscall");
    MethodHandle control =
        LINKER.downcallHandle(
            prctl,
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.firstVariadicArg(1));
    MethodHandle seccomp =
        LINKER.downcallHandle(
            syscall,
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS),
            Linker.Option.firstVariadicArg(1));
    byte[] program = machine.program();
    MemorySegment code = Arena.global().allocate(program.length, Long.BYTES);
    code.copyFrom(MemorySegment.ofArray(program));
    MemorySegment filter = Arena.global().allocate(2 * Long.BYTES, Long.BYTES);
    filter.set(JAVA_SHORT, 0, (short) (program.length / STATEMENT_BYTES));
    filter.set(ADDRESS, Long.BYTES, code);
    try {
      if ((int) control.invokeExact(SET_NO_NEW_PRIVILEGES, 1L, 0L, 0L, 0L) != 0) {
        return -1;
      }
      return (int) (long) seccomp.invokeExact(machine.seccomp(), FILTER_MODE, FLAGS, filter);
    } catch (Throwable t) {
      throw new IllegalStateException("seccomp", t);
    }
  }

  /** Answers for good. Not to be called by a thread that has the filter. */
  void answer(JvmSignals signals) {
    try {
      while (call(RECEIVE, question.fill((byte) 0))) {
        answer.fill((byte) 0);
        answer.set(JAVA_LONG, 0, question.get(JAVA_LONG, 0));
        answer.set(JAVA_INT, FLAGS_AT, stopped(signals) ? 0 : ANSWER_AS_USUAL);
        call(SEND, answer);
      }
    } finally {
      // Who waits for an answer is then told that there is no such call.
      close();
    }
  }

  /** Whether it worked, or will the next time. */
  private boolean call(long request, MemorySegment argument) {
    try {
      if ((int) ioctl.invokeExact(errno, listener, request, argument) == 0) {
        return true;
      }
    } catch (Throwable t) {
      throw new IllegalStateException("ioctl of a seccomp listener", t);
    }
    int code = errno.get(JAVA_INT, 0);
    return code == INTERRUPTED || code == GONE;
  }

  private void close() {
    MethodHandle close =
        LINKER.downcallHandle(
            LINKER.defaultLookup().findOrThrow("close"), FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    try {
      int unused = (int) close.invokeExact(listener);
    } catch (Throwable t) {
      throw new IllegalStateException("close of a seccomp listener", t);
    }
  }

  private boolean stopped(JvmSignals signals) {
    int signal = (int) question.get(JAVA_LONG, ARGUMENTS_AT);
    long wanted = question.get(JAVA_LONG, ARGUMENTS_AT + Long.BYTES);
    long old = question.get(JAVA_LONG, ARGUMENTS_AT + 2 * Long.BYTES);
    // A process that was started, a linker for instance, has addresses and handlers of its own.
    boolean ours = Files.exists(Path.of("/proc/self/task", "" + question.get(JAVA_INT, THREAD_AT)));
    if (!ours || wanted == 0) {
      return false;
    }
    long handler = MemorySegment.ofAddress(wanted).reinterpret(Long.BYTES).get(JAVA_LONG, 0);
    Optional<SignalTable.Action> was = signals.stop(signal, handler);
    if (old != 0) {
      was.ifPresent(a -> tell(a, MemorySegment.ofAddress(old).reinterpret(KERNELS_ACTION_BYTES)));
    }
    return was.isPresent();
  }

  /** The kernel's structure has what the C library's has, in another order. */
  private static void tell(SignalTable.Action action, MemorySegment to) {
    ByteBuffer rest = ByteBuffer.wrap(action.rest()).order(ByteOrder.nativeOrder());
    to.set(JAVA_LONG, 0, action.handler());
    to.set(JAVA_LONG, Long.BYTES, rest.getInt(FLAGS_OF_ACTION_AT) & 0xffff_ffffL);
    to.set(JAVA_LONG, 2 * Long.BYTES, rest.getLong(RESTORER_AT));
    to.set(JAVA_LONG, 3 * Long.BYTES, rest.getLong(MASK_AT));
  }
}
