package dev.gmem.agent.rewrite;

import dev.gmem.agent.rewrite.ScopedMethod.Way;
import java.util.ArrayList;
import java.util.List;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/**
 * Rewrites a wrapper, so that unified memory takes the way that {@code GmGate} lays down:
 *
 * <pre>
 *           if (gate does not stop the session) goto fast
 *   seated: return the access, made on a seat
 *   fast:   try { return ...Internal(...) }
 *           catch (ScopedAccessError e) {
 *             if (GmGate.again(e)) goto seated
 *             throw e.newRuntimeException()
 *           }
 * </pre>
 *
 * <p>An access that never takes the fast way has the first two lines only, and the rest of it is
 * what it was.
 *
 * <p>A wrapper has no local variable but that of its handler. So every frame but those of the
 * handler is the one at the beginning.
 */
final class WrapperRewriter extends MethodVisitor {
  private static final int STACK = 12;
  private static final String AGAIN = "(L" + JdkNames.ACCESS_ERROR + ";)Z";

  private final ScopedMethod method;
  private final Parameters parameters;
  private final SeatedAccess seatedAccess;
  private final boolean mayUnwind;
  private final Label seated = new Label();
  private final List<Label> handlers = new ArrayList<>(1);
  private int calls;

  /** True between the label of a handler and its first instruction. */
  private boolean atHandler;

  WrapperRewriter(
      MethodVisitor target, ScopedMethod method, Parameters parameters, Type returnType) {
    super(Opcodes.ASM9, target);
    this.method = method;
    this.parameters = parameters;
    this.mayUnwind = method.kind.way == Way.FAST_OR_SEATED;
    this.seatedAccess =
        switch (method.kind) {
          case READ, WRITE, ORDERED_WRITE, UPDATE ->
              new SeatedValue(target, method, parameters, returnType);
          case VECTOR_LOAD, VECTOR_STORE ->
              new SeatedVector(target, method, parameters, returnType);
          case COPY, COPY_SWAPPED, SET, MISMATCH ->
              new SeatedRange(target, method, parameters, returnType);
          case MAPPED -> null;
        };
  }

  @Override
  public void visitCode() {
    super.visitCode();
    if (seatedAccess == null) {
      return;
    }
    Label fast = new Label();
    seatedAccess.emitQuestion();
    mv.visitJumpInsn(Opcodes.IFEQ, fast);
    mv.visitLabel(seated);
    mv.visitFrame(Opcodes.F_SAME, 0, null, 0, null);
    seatedAccess.emitAccess();
    mv.visitLabel(fast);
    mv.visitFrame(Opcodes.F_SAME, 0, null, 0, null);
    mv.visitInsn(Opcodes.NOP); // frames of the original may not share a place with those above
  }

  @Override
  public void visitTryCatchBlock(Label from, Label to, Label handler, String type) {
    if (JdkNames.ACCESS_ERROR.equals(type)) {
      handlers.add(handler);
    }
    super.visitTryCatchBlock(from, to, handler, type);
  }

  @Override
  public void visitLabel(Label label) {
    super.visitLabel(label);
    if (handlers.contains(label)) {
      atHandler = true;
    }
  }

  @Override
  public void visitFrame(int type, int numLocal, Object[] local, int numStack, Object[] stack) {
    super.visitFrame(type, numLocal, local, numStack, stack);
    if (atHandler && mayUnwind) {
      if (type != Opcodes.F_SAME1) {
        throw new UnknownJdkException(method.wrapperName + " has local variables");
      }
      emitAgain();
    }
    atHandler = false;
  }

  /** On the stack, before and after: the error. */
  private void emitAgain() {
    Label rethrow = new Label();
    mv.visitInsn(Opcodes.DUP);
    mv.visitMethodInsn(Opcodes.INVOKESTATIC, JdkNames.GATE, "again", AGAIN, false);
    mv.visitJumpInsn(Opcodes.IFEQ, rethrow);
    mv.visitInsn(Opcodes.POP);
    mv.visitJumpInsn(Opcodes.GOTO, seated);
    mv.visitLabel(rethrow);
    mv.visitFrame(Opcodes.F_SAME1, 0, null, 1, new Object[] {JdkNames.ACCESS_ERROR});
  }

  @Override
  public void visitMethodInsn(
      int opcode, String owner, String name, String descriptor, boolean isInterface) {
    if (owner.equals(JdkNames.ACCESS) && name.equals(method.internalName)) {
      calls++;
    }
    super.visitMethodInsn(opcode, owner, name, descriptor, isInterface);
  }

  @Override
  public void visitMaxs(int maxStack, int maxLocals) {
    super.visitMaxs(Math.max(maxStack, STACK), maxLocals);
  }

  @Override
  public void visitEnd() {
    if (calls != 1 || handlers.size() != 1) {
      throw new UnknownJdkException(
          method.wrapperName
              + " calls "
              + method.internalName
              + " "
              + calls
              + " times, and has "
              + handlers.size()
              + " handlers, where 1 and 1 were expected");
    }
    super.visitEnd();
  }
}
