package dev.gmem.agent.rewrite;

import dev.gmem.agent.rewrite.ScopedMethod.Kind;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/**
 * The beginning of a wrapper whose access must happen exactly once:
 *
 * <pre>
 *   if (GmOnce.applies(session)) {
 *     return GmOnce.access(session, offset, size, operation, value, expected);
 *   }
 * </pre>
 *
 * <p>Values pass as bits in a {@code long}, so that one method serves all types.
 */
final class OnceCall {
  // GmOnce's constants. Not referred to: this class is loaded, and tested, without the gate.
  private static final int PUT_RELEASE = 0;
  private static final int PUT_VOLATILE = 1;
  private static final int COMPARE_AND_EXCHANGE = 2;
  private static final int GET_AND_SET = 3;
  private static final int GET_AND_ADD = 4;
  private static final int GET_AND_ADD_FLOATING = 5;
  private static final int GET_AND_OR = 6;
  private static final int GET_AND_AND = 7;
  private static final int GET_AND_XOR = 8;

  private static final String APPLIES = "(" + JdkNames.SESSION_DESCRIPTOR + ")Z";
  private static final String COMPARE = "(" + JdkNames.SESSION_DESCRIPTOR + "JIJJ)Z";
  private static final String ACCESS = "(" + JdkNames.SESSION_DESCRIPTOR + "JIIJJ)J";

  private final MethodVisitor mv;
  private final ScopedMethod method;
  private final Parameters parameters;
  private final Type returnType;

  OnceCall(MethodVisitor mv, ScopedMethod method, Parameters parameters, Type returnType) {
    this.mv = mv;
    this.method = method;
    this.parameters = parameters;
    this.returnType = returnType;
  }

  void emit() {
    Label otherMemory = new Label();
    mv.visitVarInsn(Opcodes.ALOAD, parameters.slot(0));
    mv.visitMethodInsn(Opcodes.INVOKESTATIC, JdkNames.ONCE, "applies", APPLIES, false);
    mv.visitJumpInsn(Opcodes.IFEQ, otherMemory);
    mv.visitVarInsn(Opcodes.ALOAD, parameters.slot(0));
    mv.visitVarInsn(Opcodes.LLOAD, parameters.slot(2));
    mv.visitInsn(Opcodes.ICONST_0 + Integer.numberOfTrailingZeros(method.valueBytes()));
    if (method.kind == Kind.ORDERED_WRITE) {
      emitAccess(method.volatileWrite ? PUT_VOLATILE : PUT_RELEASE);
      mv.visitInsn(Opcodes.POP2);
      mv.visitInsn(Opcodes.RETURN);
    } else if (method.operation.equals("compareAndSet")
        || method.operation.equals("weakCompareAndSet")) {
      loadBits(4);
      loadBits(3);
      mv.visitMethodInsn(Opcodes.INVOKESTATIC, JdkNames.ONCE, "compareAndSet", COMPARE, false);
      mv.visitInsn(Opcodes.IRETURN);
    } else {
      emitAccess(operation());
      returnBits();
    }
    mv.visitLabel(otherMemory);
    mv.visitFrame(Opcodes.F_SAME, 0, null, 0, null);
    mv.visitInsn(Opcodes.NOP);
  }

  private void emitAccess(int operation) {
    mv.visitIntInsn(Opcodes.BIPUSH, operation);
    if (operation == COMPARE_AND_EXCHANGE) {
      loadBits(4);
      loadBits(3);
    } else {
      loadBits(3);
      mv.visitInsn(Opcodes.LCONST_0);
    }
    mv.visitMethodInsn(Opcodes.INVOKESTATIC, JdkNames.ONCE, "access", ACCESS, false);
  }

  private int operation() {
    return switch (method.operation) {
      case "compareAndExchange" -> COMPARE_AND_EXCHANGE;
      case "getAndSet" -> GET_AND_SET;
      case "getAndAdd" ->
          method.valueType == Type.FLOAT_TYPE || method.valueType == Type.DOUBLE_TYPE
              ? GET_AND_ADD_FLOATING
              : GET_AND_ADD;
      case "getAndBitwiseOr" -> GET_AND_OR;
      case "getAndBitwiseAnd" -> GET_AND_AND;
      case "getAndBitwiseXor" -> GET_AND_XOR;
      default -> throw new UnknownJdkException("nothing is known of " + method.operation);
    };
  }

  private void loadBits(int parameter) {
    Type type = method.valueType;
    parameters.expect(parameter, type);
    mv.visitVarInsn(type.getOpcode(Opcodes.ILOAD), parameters.slot(parameter));
    if (type == Type.FLOAT_TYPE) {
      invoke("java/lang/Float", "floatToRawIntBits", "(F)I");
    } else if (type == Type.DOUBLE_TYPE) {
      invoke("java/lang/Double", "doubleToRawLongBits", "(D)J");
    }
    if (method.valueBytes() != Long.BYTES) {
      mv.visitInsn(Opcodes.I2L);
    }
  }

  private void returnBits() {
    switch (returnType.getSort()) {
      case Type.BOOLEAN -> {
        mv.visitInsn(Opcodes.L2I);
        mv.visitInsn(Opcodes.ICONST_1);
        mv.visitInsn(Opcodes.IAND);
      }
      case Type.CHAR -> {
        mv.visitInsn(Opcodes.L2I);
        mv.visitInsn(Opcodes.I2C);
      }
      case Type.BYTE, Type.SHORT, Type.INT -> mv.visitInsn(Opcodes.L2I); // the sign is extended
      case Type.FLOAT -> {
        mv.visitInsn(Opcodes.L2I);
        invoke("java/lang/Float", "intBitsToFloat", "(I)F");
      }
      case Type.DOUBLE -> invoke("java/lang/Double", "longBitsToDouble", "(J)D");
      default -> {
        // A long as it is.
      }
    }
    mv.visitInsn(returnType.getOpcode(Opcodes.IRETURN));
  }

  private void invoke(String owner, String name, String descriptor) {
    mv.visitMethodInsn(Opcodes.INVOKESTATIC, owner, name, descriptor, false);
  }
}
