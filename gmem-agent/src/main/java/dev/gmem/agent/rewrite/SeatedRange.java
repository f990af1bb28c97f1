package dev.gmem.agent.rewrite;

import dev.gmem.agent.rewrite.ScopedMethod.Kind;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/** An access to many bytes, made by the method of {@code GmBulk} that has the same parameters. */
final class SeatedRange implements SeatedAccess {
  private static final String S = JdkNames.SESSION_DESCRIPTOR;
  private static final String TWO_RANGES = "(" + S + S + "Ljava/lang/Object;JLjava/lang/Object;J";

  private final MethodVisitor mv;
  private final Kind kind;
  private final Parameters parameters;
  private final Type returnType;

  SeatedRange(MethodVisitor mv, ScopedMethod method, Parameters parameters, Type returnType) {
    this.mv = mv;
    this.kind = method.kind;
    this.parameters = parameters;
    this.returnType = returnType;
  }

  @Override
  public void emitQuestion() {
    mv.visitVarInsn(Opcodes.ALOAD, parameters.slot(0));
    if (kind.sessions == 1) {
      mv.visitMethodInsn(
          Opcodes.INVOKESTATIC, JdkNames.GATE, "isUnified", JdkNames.QUESTION, false);
    } else {
      mv.visitVarInsn(Opcodes.ALOAD, parameters.slot(1));
      invoke("applies", "(" + S + S + ")Z");
    }
  }

  @Override
  public void emitAccess() {
    switch (kind) {
      case COPY -> pass("copy", TWO_RANGES + "J)V");
      case COPY_SWAPPED -> pass("copySwapped", TWO_RANGES + "JJ)V");
      case SET -> pass("set", "(" + S + "Ljava/lang/Object;JJB)V");
      default -> pass("mismatch", TWO_RANGES + "II)I");
    }
    mv.visitInsn(returnType.getOpcode(Opcodes.IRETURN));
  }

  private void pass(String name, String descriptor) {
    parameters.pass(mv, descriptor);
    invoke(name, descriptor);
  }

  private void invoke(String name, String descriptor) {
    mv.visitMethodInsn(Opcodes.INVOKESTATIC, JdkNames.BULK, name, descriptor, false);
  }
}
