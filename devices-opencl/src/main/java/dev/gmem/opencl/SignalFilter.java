package dev.gmem.opencl;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Has Linux tell a thread, and all that it starts, that a signal handler is set, and not set it: a
 * seccomp filter of {@code rt_sigaction}. It stays for the threads' lives, and processes that they
 * start have it, too. What was set before is not told; LLVM would put it back in its handlers,
 * which never run. Other system calls pay some ten nanoseconds.
 *
 * <p>On x86 the handler of SIGFPE is let through: it is needed, see {@link JvmSignals}.
 */
final class SignalFilter {
  private static final long SET_NO_NEW_PRIVILEGES = 38;
  private static final long FILTER_MODE = 1;

  /** Without the mitigations that would slow a compute thread down. */
  private static final long SPECULATION_ALLOWED = 4;

  private static final int LOAD = 0x20;
  private static final int JUMP_IF_EQUAL = 0x15;
  private static final int JUMP_IF_GREATER_OR_EQUAL = 0x35;
  private static final int RETURN = 0x06;
  private static final int ALLOW = 0x7fff0000;

  /** As an error, but with the number of none. */
  private static final int PRETEND = 0x00050000;

  /** Where {@code struct seccomp_data} has them; of arguments the lower half is first. */
  private static final int NUMBER_AT = 0;

  private static final int PROCESSOR_AT = 4;
  private static final int SIGNAL_AT = 16;
  private static final int ACTION_AT = 24;
  private static final int STATEMENT_BYTES = 8;

  private SignalFilter() {}

  /** Puts it on the calling thread. Returns false where the system has none, or refuses. */
  static boolean install(LinuxCalls linux) {
    byte[] program = program(linux.numbers());
    MemorySegment code = Arena.global().allocate(program.length, Long.BYTES);
    code.copyFrom(MemorySegment.ofArray(program));
    MemorySegment filter = Arena.global().allocate(2 * Long.BYTES, Long.BYTES);
    filter.set(JAVA_SHORT, 0, (short) (program.length / STATEMENT_BYTES));
    filter.set(JAVA_LONG, Long.BYTES, code.address());
    if (install(linux, filter.address())) {
      return true; // an administrator needs no more
    }
    return !needsPrivileges()
        && linux.call(linux.numbers().prctl(), SET_NO_NEW_PRIVILEGES, 1, 0, 0) == 0
        && install(linux, filter.address());
  }

  private static boolean install(LinuxCalls linux, long filter) {
    return linux.call(linux.numbers().seccomp(), FILTER_MODE, SPECULATION_ALLOWED, filter, 0) == 0;
  }

  /**
   * Who has to give up privileges for a filter starts no program that becomes root, as NVIDIA's
   * driver does when the kernel's part of it is not loaded yet.
   */
  private static boolean needsPrivileges() {
    return Files.exists(Path.of("/usr/bin/nvidia-modprobe"))
        && !(Files.exists(Path.of("/dev/nvidiactl")) && Files.exists(Path.of("/dev/nvidia-uvm")));
  }

  private static byte[] program(LinuxCalls.Numbers numbers) {
    ByteBuffer code = ByteBuffer.allocate(13 * STATEMENT_BYTES).order(ByteOrder.nativeOrder());
    statement(code, LOAD, 0, 0, PROCESSOR_AT);
    statement(code, JUMP_IF_EQUAL, 0, 10, numbers.audit());
    statement(code, LOAD, 0, 0, NUMBER_AT);
    statement(code, JUMP_IF_EQUAL, 0, 8, numbers.sigaction());
    statement(code, LOAD, 0, 0, SIGNAL_AT);
    // There is no signal 0.
    statement(code, JUMP_IF_EQUAL, 6, 0, numbers.divisionTraps() ? JvmSignals.FPE : 0);
    statement(code, JUMP_IF_GREATER_OR_EQUAL, 5, 0, SignalTable.END);
    // Who only asks what is set passes no action.
    statement(code, LOAD, 0, 0, ACTION_AT);
    statement(code, JUMP_IF_EQUAL, 0, 2, 0);
    statement(code, LOAD, 0, 0, ACTION_AT + Integer.BYTES);
    statement(code, JUMP_IF_EQUAL, 1, 0, 0);
    statement(code, RETURN, 0, 0, PRETEND);
    statement(code, RETURN, 0, 0, ALLOW);
    return code.array();
  }

  private static void statement(ByteBuffer code, int what, int then, int otherwise, int value) {
    code.putShort((short) what).put((byte) then).put((byte) otherwise).putInt(value);
  }
}
