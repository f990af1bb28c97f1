package dev.gmem.opencl;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * System calls of Linux, by their numbers. All have one shape, since each shape of a native call
 * costs the first who uses it some ten milliseconds; and a preloaded {@code libjsig} does not hide
 * what the kernel says. Threads: any.
 */
final class LinuxCalls {
  /**
   * What differs between processors.
   *
   * @param audit what seccomp calls the processor
   * @param divisionTraps whether to divide an integer by zero is a signal
   */
  record Numbers(
      int audit,
      int sigaction,
      int mmap,
      int mprotect,
      int prctl,
      int seccomp,
      boolean divisionTraps) {}

  private final MethodHandle syscall;
  private final Numbers numbers;

  private LinuxCalls(MethodHandle syscall, Numbers numbers) {
    this.syscall = syscall;
    this.numbers = numbers;
  }

  /** Empty on another system, or another processor than x86-64 and AArch64. */
  static Optional<LinuxCalls> find() {
    if (!"Linux".equals(System.getProperty("os.name"))) {
      return Optional.empty();
    }
    Numbers numbers =
        switch (System.getProperty("os.arch")) {
          case "amd64" -> new Numbers(0xC000003E, 13, 9, 10, 157, 317, true);
          case "aarch64" -> new Numbers(0xC00000B7, 134, 222, 226, 167, 277, false);
          default -> null;
        };
    Linker linker = Linker.nativeLinker();
    return numbers == null
        ? Optional.empty()
        : linker
            .defaultLookup()
            .find("syscall")
            .map(
                address ->
                    linker.downcallHandle(
                        address,
                        FunctionDescriptor.of(
                            JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG,
                            JAVA_LONG, JAVA_LONG),
                        Linker.Option.firstVariadicArg(1)))
            .map(handle -> new LinuxCalls(handle, numbers));
  }

  Numbers numbers() {
    return numbers;
  }

  /** Makes a call of up to four arguments; returns -1 if it fails. */
  long call(int number, long a, long b, long c, long d) {
    return call(number, a, b, c, d, 0, 0);
  }

  long call(int number, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) syscall.invokeExact((long) number, a, b, c, d, e, f);
    } catch (Throwable t) {
      throw new IllegalStateException("system call " + number, t);
    }
  }
}
