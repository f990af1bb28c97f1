package dev.gmem.agent.rewrite;

import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/**
 * A vector access, made by the JDK's own substitute for processors without vectors, which every
 * wrapper gets as its last parameter: lane by lane, through the segment. So each lane is an access
 * to one value, and takes a seat for itself.
 */
final class SeatedVector implements SeatedAccess {
  private static final String V = JdkNames.VECTOR_SUPPORT;
  private static final Type SEGMENT = Type.getObjectType(JdkNames.SEGMENT);
  private static final Type SPECIES = Type.getObjectType(V + "$VectorSpecies");
  private static final Type VECTOR = Type.getObjectType(V + "$Vector");
  private static final Type MASK = Type.getObjectType(V + "$VectorMask");

  private final MethodVisitor mv;
  private final ScopedMethod method;
  private final Parameters parameters;
  private final Type returnType;

  SeatedVector(MethodVisitor mv, ScopedMethod method, Parameters parameters, Type returnType) {
    this.mv = mv;
    this.method = method;
    this.parameters = parameters;
    this.returnType = returnType;
  }

  @Override
  public void emitQuestion() {
    load(SEGMENT);
    mv.visitMethodInsn(
        Opcodes.INVOKEVIRTUAL,
        JdkNames.SEGMENT,
        "sessionImpl",
        "()" + JdkNames.SESSION_DESCRIPTOR,
        false);
    String question = method.kind.writes ? "gatesWrites" : "gatesReads";
    mv.visitMethodInsn(Opcodes.INVOKESTATIC, JdkNames.GATE, question, JdkNames.QUESTION, false);
  }

  @Override
  public void emitAccess() {
    boolean masked = method.operation.endsWith("Masked");
    String operation = V + "$" + (method.kind.writes ? "Store" : "Load");
    operation +=
        masked ? "VectorMaskedOperation" : method.kind.writes ? "VectorOperation" : "Operation";
    load(Type.getObjectType(operation));
    load(SEGMENT);
    int offset = parameters.first(SEGMENT) + 1;
    parameters.expect(offset, Type.LONG_TYPE);
    mv.visitVarInsn(Opcodes.LLOAD, parameters.slot(offset));
    load(method.kind.writes ? VECTOR : SPECIES);
    if (masked) {
      load(MASK);
    }
    mv.visitMethodInsn(
        Opcodes.INVOKEINTERFACE,
        operation,
        method.kind.writes ? "store" : "load",
        descriptor(masked),
        true);
    if (returnType != Type.VOID_TYPE && !method.kind.writes) {
      mv.visitTypeInsn(Opcodes.CHECKCAST, returnType.getInternalName());
    }
    mv.visitInsn(returnType.getOpcode(Opcodes.IRETURN));
  }

  private String descriptor(boolean masked) {
    String vector = masked ? VECTOR.getDescriptor() : "L" + V + "$VectorPayload;";
    String operand = method.kind.writes ? vector : SPECIES.getDescriptor();
    return "(Ljava/lang/Object;J"
        + operand
        + (masked ? MASK.getDescriptor() : "")
        + ")"
        + (method.kind.writes ? "V" : vector);
  }

  private void load(Type type) {
    mv.visitVarInsn(Opcodes.ALOAD, parameters.slot(parameters.first(type)));
  }
}
