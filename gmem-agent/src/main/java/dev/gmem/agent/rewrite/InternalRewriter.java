package dev.gmem.agent.rewrite;

import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;

/**
 * Rewrites a {@code @Scoped} method: where it tests that the session is alive, it now asks the gate
 * too. One call replaces another with the same operand. Accesses that unified memory never makes
 * this way keep the JDK's test.
 */
final class InternalRewriter extends MethodVisitor {
  private static final String CHECK = "(" + JdkNames.SESSION_DESCRIPTOR + ")V";

  private final ScopedMethod method;
  private int checks;

  InternalRewriter(MethodVisitor target, ScopedMethod method) {
    super(Opcodes.ASM9, target);
    this.method = method;
  }

  @Override
  public void visitMethodInsn(
      int opcode, String owner, String name, String descriptor, boolean isInterface) {
    if (!name.equals(JdkNames.CHECK) || !owner.equals(JdkNames.SESSION)) {
      super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
      return;
    }
    checks++;
    if (method.kind.way == ScopedMethod.Way.FAST_OR_SEATED) {
      String check = method.kind.writes ? "checkWrite" : "checkRead";
      super.visitMethodInsn(Opcodes.INVOKESTATIC, JdkNames.GATE, check, CHECK, false);
    } else {
      super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
    }
  }

  @Override
  public void visitEnd() {
    if (checks != method.kind.sessions) {
      throw new UnknownJdkException(
          method.internalName
              + " tests "
              + checks
              + " sessions where "
              + method.kind.sessions
              + " were expected");
    }
    super.visitEnd();
  }
}
