package dev.gmem.agent;

import dev.gmem.AddressSpaceExhaustedException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import jdk.internal.foreign.GmRegion;
import jdk.internal.misc.Unsafe;

/**
 * Reserves, commits and gives back addresses, by the operating system's {@code mmap}.
 *
 * <p>Reserved memory has no protection bits and is charged to nobody, so a terabyte costs what is
 * touched of it. Committed memory is readable and writable; its pages are zero until touched.
 *
 * <p>Linux and macOS. Loaded when the first address space is opened: linking foreign functions
 * takes longer than all else the agent does. Any thread may call any method.
 */
final class VirtualMemory {
  private static final int PROT_NONE = 0;
  private static final int PROT_READ_WRITE = 1 | 2;
  private static final int MAP_PRIVATE = 0x02;
  private static final int MAP_FIXED = 0x10;
  private static final boolean MAC = System.getProperty("os.name").startsWith("Mac");
  private static final int MAP_ANONYMOUS = MAC ? 0x1000 : 0x20;
  private static final int MAP_NORESERVE = MAC ? 0x40 : 0x4000;
  private static final int RESERVED = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  private static final long MAP_FAILED = -1;

  private static final Unsafe UNSAFE = Unsafe.getUnsafe();
  private static final long PAGE_BYTES = UNSAFE.pageSize();
  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      CALL_STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle MMAP =
      function(
          "mmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_LONG, // addresses as numbers: nothing here reads through them
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG));
  private static final MethodHandle MUNMAP =
      function(
          "munmap",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG, ValueLayout.JAVA_LONG));
  private static final MethodHandle MPROTECT =
      function(
          "mprotect",
          FunctionDescriptor.of(
              ValueLayout.JAVA_INT,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_LONG,
              ValueLayout.JAVA_INT));

  private static final int MREMAP_MAYMOVE = 1;
  private static final int MREMAP_FIXED = 2;
  private static final int MREMAP_DONTUNMAP = 4;

  private VirtualMemory() {}

  /** Loaded when frames are moved for the first time; Linux alone has it. */
  private static final class Remap {
    private static final MethodHandle MREMAP =
        function(
            "mremap",
            FunctionDescriptor.of(
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_LONG,
                ValueLayout.JAVA_INT,
                ValueLayout.JAVA_LONG));
  }

  /**
   * Where a call leaves its error number. In the global scope: confined memory, once it has been
   * used in a program, makes the JIT test for an owner in loops over all memory, which costs a loop
   * that writes an eighth of its speed.
   */
  private static final class CallState implements AutoCloseable {
    private final long address = UNSAFE.allocateMemory(CALL_STATE.byteSize());
    private final MemorySegment segment = GmRegion.ungated(address, CALL_STATE.byteSize());

    @Override
    public void close() {
      UNSAFE.freeMemory(address);
    }
  }

  private static MethodHandle function(String name, FunctionDescriptor descriptor) {
    Linker linker = Linker.nativeLinker();
    MemorySegment address =
        linker
            .defaultLookup()
            .find(name)
            .orElseThrow(
                () ->
                    new UnsupportedOperationException(
                        "GMEM runs on Linux and macOS: the C library of "
                            + System.getProperty("os.name")
                            + " has no "
                            + name));
    return linker.downcallHandle(address, descriptor, Linker.Option.captureCallState("errno"));
  }

  /** Reserves addresses; see {@code HostPlatform.reserve}. */
  static long reserve(long bytes, long alignmentBytes) {
    long slack = alignmentBytes <= PAGE_BYTES ? 0 : alignmentBytes - PAGE_BYTES;
    long mapped = map(0, bytes + slack, PROT_NONE, RESERVED, "reserve");
    long address = (mapped + slack) & -alignmentBytes;
    if (slack > 0) {
      unmapPart(mapped, address - mapped);
      unmapPart(address + bytes, mapped + slack - address);
    }
    return address;
  }

  private static void unmapPart(long address, long bytes) {
    if (bytes > 0) {
      unreserve(address, bytes);
    }
  }

  /** Gives a reservation back; see {@code HostPlatform.unreserve}. */
  static void unreserve(long address, long bytes) {
    try (CallState state = new CallState()) {
      if ((int) MUNMAP.invokeExact(state.segment, address, bytes) != 0) {
        throw failure("unreserve", address, bytes, state);
      }
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /** Makes a part readable and writable; see {@code HostPlatform.commit}. */
  static void commit(long address, long bytes) {
    try (CallState state = new CallState()) {
      if ((int) MPROTECT.invokeExact(state.segment, address, bytes, PROT_READ_WRITE) != 0) {
        throw failure("commit", address, bytes, state);
      }
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /** Takes a part back, with its frames; see {@code HostPlatform.decommit}. */
  static void decommit(long address, long bytes) {
    // A new mapping over the old one: in one step, and zero when committed again, on every system.
    map(address, bytes, PROT_NONE, RESERVED | MAP_FIXED, "decommit");
  }

  /** Drops the frames of a part, which stays committed; see {@code HostPlatform.discard}. */
  static void discard(long address, long bytes) {
    map(address, bytes, PROT_READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, "discard");
  }

  /** Moves frames; see {@code HostPlatform.moveFrames}. */
  static void move(long from, long to, long bytes) {
    // First to where there is nothing, and only what can be moved at all: a failure of a move to a
    // given place may have unmapped that place, where anybody could then map something else.
    long between = remap(from, bytes, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
    if (between == MAP_FAILED) {
      if (PageMap.touched(from, bytes)) {
        UNSAFE.copyMemory(from, to, bytes);
      }
      discard(from, bytes);
    } else if (remap(between, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, to) == MAP_FAILED) {
      discard(to, bytes);
      UNSAFE.copyMemory(between, to, bytes);
      unreserve(between, bytes);
    }
  }

  /**
   * Moves page table entries; returns where to. Kernels before 5.7 leave nothing behind when they
   * do, so refuse the flag that asks for it, and none moves what it keeps as several mappings.
   */
  private static long remap(long from, long bytes, int flags, long to) {
    if (MAC) {
      return MAP_FAILED;
    }
    try (CallState state = new CallState()) {
      return (long) Remap.MREMAP.invokeExact(state.segment, from, bytes, bytes, flags, to);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  private static long map(long address, long bytes, int protection, int flags, String operation) {
    try (CallState state = new CallState()) {
      long mapped =
          (long) MMAP.invokeExact(state.segment, address, bytes, protection, flags, -1, 0L);
      if (mapped == MAP_FAILED) {
        throw failure(operation, address, bytes, state);
      }
      return mapped;
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  private static AddressSpaceExhaustedException failure(
      String operation, long address, long bytes, CallState state) {
    int errno = (int) ERRNO.get(state.segment, 0L);
    return new AddressSpaceExhaustedException(
        "The operating system refused to "
            + operation
            + " memory: address=0x"
            + Long.toHexString(address)
            + ", bytes="
            + bytes
            + ", errno="
            + errno
            + " ("
            + text(errno)
            + "); see ulimit -v, vm.max_map_count and vm.overcommit_memory");
  }

  /** The few errors that mmap, munmap and mprotect have; their numbers are the same everywhere. */
  private static String text(int errno) {
    return switch (errno) {
      case 12 -> "ENOMEM: not enough memory, addresses, or mappings";
      case 13 -> "EACCES: permission denied";
      case 22 -> "EINVAL: invalid argument";
      default -> "see errno(3)";
    };
  }

  private static RuntimeException unchecked(Throwable e) {
    if (e instanceof RuntimeException runtime) {
      return runtime;
    }
    if (e instanceof Error error) {
      throw error;
    }
    return new IllegalStateException(e); // a method handle declares more than it throws
  }
}
