package dev.gmem.agent.rewrite;

import java.util.HashMap;
import java.util.Map;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;

/**
 * Lets {@code Thread} say when an interrupt is sent and when it is consumed: a call at the
 * beginning of two methods. {@code GmInterrupts} says why.
 */
final class ThreadRewriter extends ClassVisitor {
  private final Map<String, String> calls =
      new HashMap<>(Map.of("interrupt()V", "note", "getAndClearInterrupt()Z", "forget"));

  private ThreadRewriter(ClassVisitor target) {
    super(Opcodes.ASM9, target);
  }

  static byte[] rewrite(byte[] original) {
    ClassReader reader = new ClassReader(original);
    ClassWriter writer = new ClassWriter(reader, 0);
    ThreadRewriter rewriter = new ThreadRewriter(writer);
    reader.accept(rewriter, 0);
    if (!rewriter.calls.isEmpty()) {
      throw new UnknownJdkException("Thread has no method " + rewriter.calls.keySet());
    }
    return writer.toByteArray();
  }

  @Override
  public MethodVisitor visitMethod(
      int access, String name, String descriptor, String signature, String[] exceptions) {
    MethodVisitor target = super.visitMethod(access, name, descriptor, signature, exceptions);
    String call = calls.remove(name + descriptor);
    if (call == null) {
      return target;
    }
    return new MethodVisitor(Opcodes.ASM9, target) {
      @Override
      public void visitCode() {
        super.visitCode();
        super.visitVarInsn(Opcodes.ALOAD, 0);
        super.visitMethodInsn(
            Opcodes.INVOKESTATIC, JdkNames.INTERRUPTS, call, "(Ljava/lang/Thread;)V", false);
      }
    };
  }
}
