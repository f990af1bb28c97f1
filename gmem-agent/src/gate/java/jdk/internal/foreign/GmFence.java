package jdk.internal.foreign;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import jdk.internal.misc.Unsafe;
import jdk.internal.util.Architecture;
import jdk.internal.util.OperatingSystem;

/**
 * A fence that orders the memory accesses of all threads of this program at once, so that what
 * happens often can do without one. On Linux it is {@code membarrier(2)}, private and expedited;
 * elsewhere there is none.
 *
 * <p>Guarantee of {@link #run}, where {@link #isThere}: of each other thread, whatever precedes
 * some point between call and return, in the order of its program, is visible to the caller
 * afterwards; and whatever follows that point sees what the caller wrote before.
 *
 * <p>Any thread may call any method.
 */
final class GmFence {
  /**
   * For tests only. {@code absent}: as where there is no fence. {@code void}: one that does
   * nothing; a test that loses updates under it, and only under it, is a test that can fail.
   */
  private static final String TEST = System.getProperty("gmem.test.fence", "");

  private static final int QUERY = 0;
  private static final int PRIVATE_EXPEDITED = 1 << 3;
  private static final int REGISTER_PRIVATE_EXPEDITED = 1 << 4;

  private static final MethodHandle SYSCALL = syscall();
  private static final long MEMBARRIER = Architecture.isX64() ? 324 : 283;
  private static final boolean THERE = SYSCALL != null && register();

  private GmFence() {}

  private static MethodHandle syscall() {
    boolean known = Architecture.isX64() || Architecture.isAARCH64() || Architecture.isRISCV64();
    if (!OperatingSystem.isLinux() || !known || TEST.equals("absent")) {
      return null;
    }
    Linker linker = Linker.nativeLinker();
    MemorySegment address = linker.defaultLookup().find("syscall").orElse(null);
    return address == null
        ? null
        : linker.downcallHandle(
            address,
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_INT),
            Linker.Option.firstVariadicArg(1));
  }

  private static boolean register() {
    long commands = call(QUERY);
    long needed = PRIVATE_EXPEDITED | REGISTER_PRIVATE_EXPEDITED;
    return commands > 0
        && (commands & needed) == needed
        && call(REGISTER_PRIVATE_EXPEDITED) == 0
        && call(PRIVATE_EXPEDITED) == 0;
  }

  private static long call(int command) {
    try {
      return (long) SYSCALL.invokeExact(MEMBARRIER, command, 0, 0);
    } catch (Throwable e) {
      throw new InternalError(e); // the handle throws nothing of its own
    }
  }

  static boolean isThere() {
    return THERE;
  }

  /** Lets the fence run; where there is none, one for the caller alone. */
  static void run() {
    Unsafe.getUnsafe().fullFence();
    if (THERE && !TEST.equals("void") && call(PRIVATE_EXPEDITED) != 0) {
      throw new InternalError("membarrier failed, which it cannot once it is registered");
    }
  }
}
