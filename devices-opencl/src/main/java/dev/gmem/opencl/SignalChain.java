package dev.gmem.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Optional;

/**
 * Handlers that ask the JVM first, and another handler if the signal is not the JVM's.
 *
 * <p>HotSpot exports what it takes: {@code JVM_handle_linux_signal}, made for handlers of programs
 * that embed it, says whether a signal was its own. A handler cannot be Java, since no thread may
 * enter the JVM in one; so this is a page of machine code for x86-64, which stays for good.
 */
final class SignalChain {
  /** Keeps the three arguments, asks the JVM not to abort, and goes on where it answers 0. */
  private static final String CODE =
      """
      f30f1efa  endbr64
      53        push rbx
      4154      push r12
      4155      push r13
      89fb      mov  ebx, edi
      4989f4    mov  r12, rsi
      4989d5    mov  r13, rdx
      31c9      xor  ecx, ecx
      48b8      mov  rax, jvm
      1111111111111111
      ffd0      call rax
      85c0      test eax, eax
      89df      mov  edi, ebx
      4c89e6    mov  rsi, r12
      4c89ea    mov  rdx, r13
      415d      pop  r13
      415c      pop  r12
      5b        pop  rbx
      750c      jnz  ret
      48b8      mov  rax, next
      2222222222222222
      ffe0      jmp  rax
      c3        ret
      """;

  private static final long PAGE_BYTES = 4096;
  private static final int READ_WRITE = 3;
  private static final int READ_EXECUTE = 5;
  private static final int PRIVATE_ANONYMOUS = 0x22;

  private final LinuxCalls linux;

  SignalChain(LinuxCalls linux) {
    this.linux = linux;
  }

  /**
   * The address of a handler that asks the JVM, then {@code next}.
   *
   * @return empty where that cannot be had: on other JVMs than HotSpot, and where no page may be
   *     made executable
   */
  Optional<Long> before(long next) {
    return jvm().flatMap(jvm -> executable(code(jvm, next)));
  }

  private static Optional<Long> jvm() {
    Path library = Path.of(System.getProperty("java.home"), "lib", "server", "libjvm.so");
    try {
      return SymbolLookup.libraryLookup(library, Arena.global())
          .find("JVM_handle_linux_signal")
          .map(MemorySegment::address);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static byte[] code(long jvm, long next) {
    StringBuilder hex = new StringBuilder();
    CODE.lines().forEach(line -> hex.append(line.split(" ", 2)[0]));
    byte[] bytes = HexFormat.of().parseHex(hex);
    ByteBuffer code = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    for (int at = 0; at + Long.BYTES <= bytes.length; at++) {
      long word = code.getLong(at);
      if (word == 0x1111111111111111L) {
        code.putLong(at, jvm);
      } else if (word == 0x2222222222222222L) {
        code.putLong(at, next);
      }
    }
    return bytes;
  }

  private Optional<Long> executable(byte[] code) {
    LinuxCalls.Numbers numbers = linux.numbers();
    long page = linux.call(numbers.mmap(), 0, PAGE_BYTES, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
    if (page == -1) {
      return Optional.empty();
    }
    MemorySegment.ofAddress(page).reinterpret(code.length).copyFrom(MemorySegment.ofArray(code));
    boolean executable = linux.call(numbers.mprotect(), page, PAGE_BYTES, READ_EXECUTE, 0) == 0;
    return executable ? Optional.of(page) : Optional.empty();
  }
}
