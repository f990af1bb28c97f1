package dev.gmem.agent.rewrite;

import dev.gmem.agent.rewrite.ScopedMethod.Kind;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/**
 * Rewrites a {@code @Scoped} method: where it tests that the session is alive, it now asks the
 * gate.
 *
 * <p>The test's call takes the session from the stack; the call that replaces it takes the session
 * and what follows from the method's parameters: where the access goes, and how far. Nothing else
 * changes, and no frame of the verifier does.
 */
final class InternalRewriter extends MethodVisitor {
  private static final String RANGE = "(" + JdkNames.SESSION_DESCRIPTOR + "JJ)V";
  private static final String SECOND =
      "(" + JdkNames.SESSION_DESCRIPTOR + "JJZ" + JdkNames.SESSION_DESCRIPTOR + "J)V";
  private static final String VECTOR =
      "(" + JdkNames.SESSION_DESCRIPTOR + "L" + JdkNames.SEGMENT + ";JLjava/lang/Class;I)V";
  private static final int EXTRA_STACK = 10;

  private final ScopedMethod method;
  private final Parameters parameters;
  private int checks;

  InternalRewriter(MethodVisitor target, ScopedMethod method, Parameters parameters) {
    super(Opcodes.ASM9, target);
    this.method = method;
    this.parameters = parameters;
  }

  @Override
  public void visitMethodInsn(
      int opcode, String owner, String name, String descriptor, boolean isInterface) {
    if (!name.equals(JdkNames.CHECK) || !owner.equals(JdkNames.SESSION)) {
      super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
      return;
    }
    checks++;
    switch (method.kind) {
      case READ -> checkValue("checkRead");
      case WRITE -> checkValue("checkWrite");
      case SET -> {
        load(Type.LONG_TYPE, 2);
        load(Type.LONG_TYPE, 3);
        check("checkWrite", RANGE);
      }
      case COPY, COPY_SWAPPED -> checkOneOfTwo(5, true);
      case MISMATCH -> checkOneOfTwo(5, false);
      case VECTOR_LOAD -> checkVector("checkVectorRead");
      case VECTOR_STORE -> checkVector("checkVectorWrite");
      // Never reached by unified memory.
      case ORDERED_WRITE, UPDATE, MAPPED ->
          super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
    }
  }

  /** Parameters: session, base, offset, ... */
  private void checkValue(String check) {
    load(Type.LONG_TYPE, 2);
    visitLdcInsn((long) method.valueBytes());
    check(check, RANGE);
  }

  /** Parameters: first and second session, base and offset of the first, of the second, ... */
  private void checkOneOfTwo(int second, boolean write) {
    if (checks == 1) {
      load(Type.LONG_TYPE, 3);
      loadBytes();
      check("checkRead", RANGE);
      return;
    }
    load(Type.LONG_TYPE, second);
    loadBytes();
    visitInsn(write ? Opcodes.ICONST_1 : Opcodes.ICONST_0);
    visitVarInsn(Opcodes.ALOAD, parameters.slot(0));
    load(Type.LONG_TYPE, 3);
    check("checkSecond", SECOND);
  }

  /**
   * Parameters end with the number of bytes, or with a number of elements and the log of their
   * size.
   */
  private void loadBytes() {
    if (method.kind != Kind.MISMATCH) {
      load(Type.LONG_TYPE, 6);
      return;
    }
    load(Type.INT_TYPE, 6);
    visitInsn(Opcodes.I2L);
    load(Type.INT_TYPE, 7);
    visitInsn(Opcodes.LSHL);
  }

  /** Parameters: ... class of a lane, number of lanes, ... segment, offset ... */
  private void checkVector(String check) {
    int lanes = parameters.first(Type.INT_TYPE);
    int segment = parameters.first(Type.getObjectType(JdkNames.SEGMENT));
    load(Type.getObjectType(JdkNames.SEGMENT), segment);
    load(Type.LONG_TYPE, segment + 1);
    load(Type.getObjectType("java/lang/Class"), lanes - 1);
    load(Type.INT_TYPE, lanes);
    check(check, VECTOR);
  }

  private void check(String name, String descriptor) {
    super.visitMethodInsn(Opcodes.INVOKESTATIC, JdkNames.GATE, name, descriptor, false);
  }

  private void load(Type type, int parameter) {
    parameters.expect(parameter, type);
    visitVarInsn(type.getOpcode(Opcodes.ILOAD), parameters.slot(parameter));
  }

  @Override
  public void visitMaxs(int maxStack, int maxLocals) {
    super.visitMaxs(maxStack + EXTRA_STACK, maxLocals);
  }

  @Override
  public void visitEnd() {
    if (checks != method.checks) {
      throw new UnknownJdkException(
          method.internalName
              + " tests "
              + checks
              + " sessions where "
              + method.checks
              + " were expected");
    }
    super.visitEnd();
  }
}
