package dev.gmem.agent.rewrite;

import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;

/** Lets {@code SharedSession.acquire0} begin with {@code if (GmGate.acquire(this)) return;}. */
final class SessionRewriter extends ClassVisitor {
  private boolean found;

  private SessionRewriter(ClassVisitor target) {
    super(Opcodes.ASM9, target);
  }

  static byte[] rewrite(byte[] original) {
    ClassReader reader = new ClassReader(original);
    ClassWriter writer = new ClassWriter(reader, 0);
    SessionRewriter rewriter = new SessionRewriter(writer);
    reader.accept(rewriter, 0);
    if (!rewriter.found) {
      throw new UnknownJdkException("SharedSession has no method " + JdkNames.ACQUIRE + "()");
    }
    return writer.toByteArray();
  }

  @Override
  public MethodVisitor visitMethod(
      int access, String name, String descriptor, String signature, String[] exceptions) {
    MethodVisitor target = super.visitMethod(access, name, descriptor, signature, exceptions);
    if (!name.equals(JdkNames.ACQUIRE) || !descriptor.equals("()V")) {
      return target;
    }
    found = true;
    return new MethodVisitor(Opcodes.ASM9, target) {
      @Override
      public void visitCode() {
        super.visitCode();
        Label otherMemory = new Label();
        mv.visitVarInsn(Opcodes.ALOAD, 0);
        mv.visitMethodInsn(
            Opcodes.INVOKESTATIC, JdkNames.GATE, "acquire", JdkNames.QUESTION, false);
        mv.visitJumpInsn(Opcodes.IFEQ, otherMemory);
        mv.visitInsn(Opcodes.RETURN);
        mv.visitLabel(otherMemory);
        mv.visitFrame(Opcodes.F_SAME, 0, null, 0, null);
        mv.visitInsn(Opcodes.NOP); // the original has a frame at its beginning
      }
    };
  }
}
