package dev.gmem.agent.rewrite;

import dev.gmem.agent.rewrite.ScopedMethod.Way;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/**
 * An access to one value, made by {@code GmSeated}. Values pass as bits in the low end of a {@code
 * long}, so that one method serves all types.
 */
final class SeatedValue implements SeatedAccess {
  // GmSeated's constants. Not referred to: this class is loaded, and tested, without the gate.
  private static final int GET_VOLATILE = 1;
  private static final int PUT_RELEASE = 3;
  private static final int PUT_VOLATILE = 4;
  private static final int COMPARE_AND_EXCHANGE = 5;
  private static final int GET_AND_SET = 6;
  private static final int GET_AND_ADD = 7;
  private static final int GET_AND_ADD_FLOATING = 8;
  private static final int GET_AND_OR = 9;
  private static final int GET_AND_AND = 10;
  private static final int GET_AND_XOR = 11;

  private static final String GET = "(" + JdkNames.SESSION_DESCRIPTOR + "JI)J";
  private static final String PUT = "(" + JdkNames.SESSION_DESCRIPTOR + "JIJ)V";
  private static final String GET_UNALIGNED = "(" + JdkNames.SESSION_DESCRIPTOR + "JIZ)J";
  private static final String PUT_UNALIGNED = "(" + JdkNames.SESSION_DESCRIPTOR + "JIJZ)V";
  private static final String COMPARE = "(" + JdkNames.SESSION_DESCRIPTOR + "JIJJ)Z";
  private static final String ACCESS = "(" + JdkNames.SESSION_DESCRIPTOR + "JIIJJ)J";

  private final MethodVisitor mv;
  private final ScopedMethod method;
  private final Parameters parameters;
  private final Type returnType;

  SeatedValue(MethodVisitor mv, ScopedMethod method, Parameters parameters, Type returnType) {
    this.mv = mv;
    this.method = method;
    this.parameters = parameters;
    this.returnType = returnType;
  }

  @Override
  public void emitQuestion() {
    String question = "isUnified";
    if (method.kind.way == Way.FAST_OR_SEATED) {
      question = method.kind.writes ? "gatesWrites" : "gatesReads";
    }
    mv.visitVarInsn(Opcodes.ALOAD, parameters.slot(0));
    mv.visitMethodInsn(Opcodes.INVOKESTATIC, JdkNames.GATE, question, JdkNames.QUESTION, false);
  }

  @Override
  public void emitAccess() {
    mv.visitVarInsn(Opcodes.ALOAD, parameters.slot(0));
    mv.visitVarInsn(Opcodes.LLOAD, parameters.slot(2));
    mv.visitInsn(Opcodes.ICONST_0 + method.log2ValueBytes());
    if (method.order.equals("Unaligned")) {
      emitUnaligned();
      return;
    }
    switch (method.operation) {
      case "get" -> {
        if (method.order.isEmpty()) {
          invoke(JdkNames.SEATED, "get", GET);
        } else {
          emitCall(GET_VOLATILE, -1, -1);
        }
      }
      case "put" -> {
        if (method.order.isEmpty()) {
          loadBits(3);
          invoke(JdkNames.SEATED, "put", PUT);
          mv.visitInsn(Opcodes.RETURN);
          return;
        }
        emitCall(method.order.equals("Volatile") ? PUT_VOLATILE : PUT_RELEASE, 3, -1);
      }
      case "compareAndSet", "weakCompareAndSet" -> {
        loadBits(4);
        loadBits(3);
        invoke(JdkNames.SEATED, "compareAndSet", COMPARE);
        mv.visitInsn(Opcodes.IRETURN);
        return;
      }
      case "compareAndExchange" -> emitCall(COMPARE_AND_EXCHANGE, 4, 3);
      default -> emitCall(updateOperation(), 3, -1);
    }
    emitReturn();
  }

  /** Parameters of the access that are negative are not there. */
  private void emitCall(int operation, int operand, int expected) {
    mv.visitIntInsn(Opcodes.BIPUSH, operation);
    loadBits(operand);
    loadBits(expected);
    invoke(JdkNames.SEATED, "access", ACCESS);
  }

  private void emitUnaligned() {
    boolean write = method.operation.equals("put");
    if (write) {
      loadBits(3);
    }
    int bigEndian = write ? 4 : 3;
    parameters.expect(bigEndian, Type.BOOLEAN_TYPE);
    mv.visitVarInsn(Opcodes.ILOAD, parameters.slot(bigEndian));
    if (write) {
      invoke(JdkNames.SEATED, "putUnaligned", PUT_UNALIGNED);
      mv.visitInsn(Opcodes.RETURN);
    } else {
      invoke(JdkNames.SEATED, "getUnaligned", GET_UNALIGNED);
      emitReturn();
    }
  }

  private int updateOperation() {
    return switch (method.operation) {
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
    if (parameter < 0) {
      mv.visitInsn(Opcodes.LCONST_0);
      return;
    }
    Type type = method.valueType;
    parameters.expect(parameter, type);
    mv.visitVarInsn(type.getOpcode(Opcodes.ILOAD), parameters.slot(parameter));
    if (type == Type.FLOAT_TYPE) {
      invoke("java/lang/Float", "floatToRawIntBits", "(F)I");
    } else if (type == Type.DOUBLE_TYPE) {
      invoke("java/lang/Double", "doubleToRawLongBits", "(D)J");
    }
    if (type.getSize() == 1) {
      mv.visitInsn(Opcodes.I2L);
    }
  }

  /** On the stack: bits in a long. Of small types the sign has been extended. */
  private void emitReturn() {
    switch (returnType.getSort()) {
      case Type.BOOLEAN -> invoke(JdkNames.SEATED, "isTrue", "(J)Z");
      case Type.CHAR -> {
        mv.visitInsn(Opcodes.L2I);
        mv.visitInsn(Opcodes.I2C);
      }
      case Type.BYTE, Type.SHORT, Type.INT -> mv.visitInsn(Opcodes.L2I);
      case Type.FLOAT -> {
        mv.visitInsn(Opcodes.L2I);
        invoke("java/lang/Float", "intBitsToFloat", "(I)F");
      }
      case Type.DOUBLE -> invoke("java/lang/Double", "longBitsToDouble", "(J)D");
      case Type.VOID -> mv.visitInsn(Opcodes.POP2);
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
