package dev.gmem.agent.rewrite;

import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;

/** Makes {@code GmGate.careful()} return true where it returns false. */
final class CarefulRewriter extends ClassVisitor {
  private boolean found;

  private CarefulRewriter(ClassVisitor target) {
    super(Opcodes.ASM9, target);
  }

  static byte[] rewrite(byte[] original) {
    ClassReader reader = new ClassReader(original);
    ClassWriter writer = new ClassWriter(reader, 0);
    CarefulRewriter rewriter = new CarefulRewriter(writer);
    reader.accept(rewriter, 0);
    if (!rewriter.found) {
      throw new IllegalStateException("GmGate has no method careful() that returns false");
    }
    return writer.toByteArray();
  }

  @Override
  public MethodVisitor visitMethod(
      int access, String name, String descriptor, String signature, String[] exceptions) {
    MethodVisitor target = super.visitMethod(access, name, descriptor, signature, exceptions);
    if (!name.equals("careful") || !descriptor.equals("()Z")) {
      return target;
    }
    return new MethodVisitor(Opcodes.ASM9, target) {
      @Override
      public void visitInsn(int opcode) {
        if (opcode == Opcodes.ICONST_0) {
          found = true;
          super.visitInsn(Opcodes.ICONST_1);
        } else {
          super.visitInsn(opcode);
        }
      }
    };
  }
}
