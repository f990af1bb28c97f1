package dev.gmem.agent.rewrite;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;

/**
 * Lets {@code Thread} set its interrupt status through {@code GmInterrupts}, where an interrupt is
 * sent and where it is consumed: a static call in place of a {@code putfield}, with the same
 * operands.
 */
final class ThreadRewriter extends ClassVisitor {
  private static final String STATUS = "interrupted";

  /** Methods in which the status has to be written, and has not been yet. */
  private final Set<String> expected =
      new HashSet<>(List.of("interrupt()V", "getAndClearInterrupt()Z"));

  private ThreadRewriter(ClassVisitor target) {
    super(Opcodes.ASM9, target);
  }

  static byte[] rewrite(byte[] original) {
    ClassReader reader = new ClassReader(original);
    ClassWriter writer = new ClassWriter(reader, 0);
    ThreadRewriter rewriter = new ThreadRewriter(writer);
    reader.accept(rewriter, 0);
    if (!rewriter.expected.isEmpty()) {
      throw new UnknownJdkException(
          "Thread does not write its field " + STATUS + " in " + rewriter.expected);
    }
    return writer.toByteArray();
  }

  @Override
  public MethodVisitor visitMethod(
      int access, String name, String descriptor, String signature, String[] exceptions) {
    MethodVisitor target = super.visitMethod(access, name, descriptor, signature, exceptions);
    String method = name + descriptor;
    if (!expected.contains(method)) {
      return target;
    }
    return new MethodVisitor(Opcodes.ASM9, target) {
      @Override
      public void visitFieldInsn(int opcode, String owner, String field, String type) {
        if (opcode == Opcodes.PUTFIELD && field.equals(STATUS)) {
          expected.remove(method);
          super.visitMethodInsn(
              Opcodes.INVOKESTATIC, JdkNames.INTERRUPTS, "set", "(Ljava/lang/Thread;Z)V", false);
        } else {
          super.visitFieldInsn(opcode, owner, field, type);
        }
      }
    };
  }
}
