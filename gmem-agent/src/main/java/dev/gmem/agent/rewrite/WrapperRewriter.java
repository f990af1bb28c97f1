package dev.gmem.agent.rewrite;

import dev.gmem.agent.rewrite.ScopedMethod.Kind;
import java.util.ArrayList;
import java.util.List;
import net.bytebuddy.jar.asm.Label;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/**
 * Rewrites a wrapper. Its beginning sends unified memory elsewhere where the access must happen
 * once, or in pieces; its handler starts again if the error it caught is the gate's.
 *
 * <p>A wrapper has no local variables but its parameters, and does not assign them: so the frame at
 * its beginning is the frame of its handler, one value on the stack apart.
 */
final class WrapperRewriter extends MethodVisitor {
  private static final int EXTRA_STACK = 14;

  private final ScopedMethod method;
  private final Parameters parameters;
  private final Type returnType;
  private final Label start = new Label();
  private final List<Label> handlers = new ArrayList<>(1);
  private int calls;
  private int retries;

  /** Set between the label of a handler and its first instruction. */
  private boolean atHandler;

  WrapperRewriter(
      MethodVisitor target, ScopedMethod method, Parameters parameters, Type returnType) {
    super(Opcodes.ASM9, target);
    this.method = method;
    this.parameters = parameters;
    this.returnType = returnType;
  }

  @Override
  public void visitCode() {
    super.visitCode();
    switch (method.kind) {
      case ORDERED_WRITE, UPDATE -> new OnceCall(mv, method, parameters, returnType).emit();
      case COPY, COPY_SWAPPED, SET, MISMATCH ->
          new BulkCall(mv, method.kind, parameters, returnType).emit();
      default -> {
        // One value or vector, which may be accessed again.
      }
    }
    if (canRetry()) {
      super.visitLabel(start);
      super.visitFrame(Opcodes.F_SAME, 0, null, 0, null);
      super.visitInsn(Opcodes.NOP);
    }
  }

  private boolean canRetry() {
    return method.kind != Kind.MAPPED
        && method.kind != Kind.ORDERED_WRITE
        && method.kind != Kind.UPDATE;
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
    if (atHandler && canRetry()) {
      if (type != Opcodes.F_SAME1) {
        throw new UnknownJdkException(method.wrapperName + " has local variables");
      }
      emitRetry();
    }
    atHandler = false;
  }

  /** On the stack, before and after: the error. */
  private void emitRetry() {
    retries++;
    Label rethrow = new Label();
    super.visitInsn(Opcodes.DUP);
    super.visitMethodInsn(
        Opcodes.INVOKESTATIC, JdkNames.GATE, "retry", "(L" + JdkNames.ACCESS_ERROR + ";)Z", false);
    super.visitJumpInsn(Opcodes.IFEQ, rethrow);
    super.visitInsn(Opcodes.POP);
    super.visitJumpInsn(Opcodes.GOTO, start);
    super.visitLabel(rethrow);
    super.visitFrame(Opcodes.F_SAME1, 0, null, 1, new Object[] {JdkNames.ACCESS_ERROR});
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
    super.visitMaxs(Math.max(maxStack, EXTRA_STACK), maxLocals);
  }

  @Override
  public void visitEnd() {
    if (calls != 1 || handlers.size() != 1 || retries != (canRetry() ? 1 : 0)) {
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
