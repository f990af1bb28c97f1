package dev.gmem.agent.rewrite;

import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/**
 * A vector access, made by the method of {@code GmVector} that has the same name and parameters.
 */
final class SeatedVector implements SeatedAccess {
  private static final Type SEGMENT = Type.getObjectType(JdkNames.SEGMENT);
  private static final String V = "L" + JdkNames.VECTOR_SUPPORT + "$";
  private static final String CLASS = "Ljava/lang/Class;";
  private static final String PLACE = SEGMENT.getDescriptor() + "J";
  private static final String VECTOR = V + "Vector;";
  private static final String MASK = V + "VectorMask;";
  private static final String SPECIES = V + "VectorSpecies;";

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
    mv.visitVarInsn(Opcodes.ALOAD, parameters.slot(parameters.first(SEGMENT)));
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
    String descriptor = descriptor();
    parameters.pass(mv, descriptor);
    mv.visitMethodInsn(
        Opcodes.INVOKESTATIC, JdkNames.VECTOR, method.wrapperName, descriptor, false);
    mv.visitInsn(returnType.getOpcode(Opcodes.IRETURN));
  }

  private String descriptor() {
    return switch (method.wrapperName) {
      case "loadFromMemorySegment" ->
          "(" + CLASS + CLASS + "I" + PLACE + SPECIES + V + "LoadOperation;)" + VECTOR;
      case "loadFromMemorySegmentMasked" ->
          "("
              + (CLASS + CLASS + CLASS + "I" + PLACE + MASK + SPECIES + "I" + V)
              + "LoadVectorMaskedOperation;)"
              + VECTOR;
      case "storeIntoMemorySegment" ->
          "(" + CLASS + CLASS + "I" + VECTOR + PLACE + V + "StoreVectorOperation;)V";
      default ->
          "("
              + (CLASS + CLASS + CLASS + "I" + VECTOR + MASK + PLACE + V)
              + "StoreVectorMaskedOperation;)V";
    };
  }
}
