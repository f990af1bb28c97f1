package dev.gmem.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
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
 * enter the JVM in one; so this is a page of machine code, which stays for good.
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

  private SignalChain() {}

  /**
   * The address of a handler that asks the JVM, then {@code next}.
   *
   * @return empty where that cannot be had: on other processors than x86-64, other JVMs than
   *     HotSpot, and where no page may be made executable
   */
  static Optional<Long> before(long next) {
    if (!"amd64".equals(System.getProperty("os.arch"))) {
      return Optional.empty();
    }
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

  private static Optional<Long> executable(byte[] code) {
    Linker linker = Linker.nativeLinker();
    SymbolLookup library = linker.defaultLookup();
    try {
      var mmap =
          linker.downcallHandle(
              library.findOrThrow("mmap"),
              FunctionDescriptor.of(
                  ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
      var mprotect =
          linker.downcallHandle(
              library.findOrThrow("mprotect"),
              FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
      MemorySegment page =
          (MemorySegment) mmap.invokeExact(0L, PAGE_BYTES, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0L);
      if (page.address() == -1) {
        return Optional.empty();
      }
      page.reinterpret(code.length).copyFrom(MemorySegment.ofArray(code));
      int refused = (int) mprotect.invokeExact(page, PAGE_BYTES, READ_EXECUTE);
      return refused != 0 ? Optional.empty() : Optional.of(page.address());
    } catch (Throwable t) {
      throw new IllegalStateException("a page of machine code", t);
    }
  }
}
