package dev.gmem.agent.rewrite;

import dev.gmem.agent.rewrite.ScopedMethod.Kind;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/**
 * The beginning of a wrapper for many bytes:
 *
 * <pre>
 *   if (GmBulk.cuts(sessions, ranges)) return GmBulk.copy(this, all parameters);
 * </pre>
 */
final class BulkCall {
  private static final String S = JdkNames.SESSION_DESCRIPTOR;
  private static final String ACCESS = "(L" + JdkNames.ACCESS + ";";
  private static final String COPY = ACCESS + S + S + "Ljava/lang/Object;JLjava/lang/Object;JJJ)V";
  private static final String SET = ACCESS + S + "Ljava/lang/Object;JJB)V";
  private static final String MISMATCH =
      ACCESS + S + S + "Ljava/lang/Object;JLjava/lang/Object;JII)I";

  private final MethodVisitor mv;
  private final Kind kind;
  private final Parameters parameters;
  private final Type returnType;

  BulkCall(MethodVisitor mv, Kind kind, Parameters parameters, Type returnType) {
    this.mv = mv;
    this.kind = kind;
    this.parameters = parameters;
    this.returnType = returnType;
  }

  void emit() {
    Label whole = new Label();
    emitCuts();
    mv.visitJumpInsn(Opcodes.IFEQ, whole);
    mv.visitVarInsn(Opcodes.ALOAD, 0);
    for (int i = 0; i < parameters.count(); i++) {
      mv.visitVarInsn(parameters.type(i).getOpcode(Opcodes.ILOAD), parameters.slot(i));
    }
    switch (kind) {
      case COPY -> {
        mv.visitInsn(Opcodes.LCONST_1);
        invoke("copy", COPY);
      }
      case COPY_SWAPPED -> invoke("copy", COPY);
      case SET -> invoke("set", SET);
      default -> invoke("mismatch", MISMATCH);
    }
    mv.visitInsn(returnType.getOpcode(Opcodes.IRETURN));
    mv.visitLabel(whole);
    mv.visitFrame(Opcodes.F_SAME, 0, null, 0, null);
    mv.visitInsn(Opcodes.NOP);
  }

  private void emitCuts() {
    load(0, Type.getType(S));
    switch (kind) {
      case SET -> {
        load(3, Type.LONG_TYPE);
        invoke("cuts", "(" + S + "J)Z");
      }
      case MISMATCH -> {
        load(1, Type.getType(S));
        load(6, Type.INT_TYPE);
        mv.visitInsn(Opcodes.I2L);
        load(7, Type.INT_TYPE);
        mv.visitInsn(Opcodes.LSHL);
        invoke("cuts", "(" + S + S + "J)Z");
      }
      default -> {
        load(1, Type.getType(S));
        load(3, Type.LONG_TYPE);
        load(5, Type.LONG_TYPE);
        load(6, Type.LONG_TYPE);
        invoke("cuts", "(" + S + S + "JJJ)Z");
      }
    }
  }

  private void load(int parameter, Type type) {
    parameters.expect(parameter, type);
    mv.visitVarInsn(type.getOpcode(Opcodes.ILOAD), parameters.slot(parameter));
  }

  private void invoke(String name, String descriptor) {
    mv.visitMethodInsn(Opcodes.INVOKESTATIC, JdkNames.BULK, name, descriptor, false);
  }
}
