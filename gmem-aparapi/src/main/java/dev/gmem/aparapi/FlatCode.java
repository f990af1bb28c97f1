package dev.gmem.aparapi;

import com.aparapi.Kernel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LocalVariable;

/** Writes the code of one method for a {@link FlatKernel}: only names change. Threads: one. */
final class FlatCode {
  private final FlatKernel flat;
  private final KernelMethod method;
  private final CodeBuilder body;

  FlatCode(FlatKernel flat, KernelMethod method, CodeBuilder body) {
    this.flat = flat;
    this.method = method;
    this.body = body;
  }

  void write() {
    for (CodeElement element : method.code()) {
      switch (element) {
        case FieldInstruction field ->
            body.getfield(
                flat.self(), flat.nameOf(flat.originalCode().field(field)), field.typeSymbol());
        case InvokeInstruction call -> call(call);
        case LocalVariable variable ->
            body.localVariable(
                variable.slot(),
                variable.slot() == 0 && !method.isStatic()
                    ? "this"
                    : flat.nameOf(method, variable.slot(), variable.name().stringValue()),
                variable.slot() == 0 && !method.isStatic() ? flat.self() : variable.typeSymbol(),
                variable.startScope(),
                variable.endScope());
        case Instruction instruction -> body.with(instruction);
        case LabelTarget target -> body.with(target);
        case LineNumber line -> body.with(line);
        default -> {}
      }
    }
  }

  private void call(InvokeInstruction call) {
    String name = call.name().stringValue();
    if (flat.originalCode().resolve(method, call) instanceof KernelCode.Callee.Library) {
      body.with(call);
      return;
    }
    if (flat.originalCode().resolve(method, call) instanceof KernelCode.Callee.Code(var callee)
        && callee.owner() != Kernel.class) {
      name = flat.nameOf(callee);
    }
    if (call.opcode() == Opcode.INVOKESTATIC) {
      body.invokestatic(flat.self(), name, call.typeSymbol());
    } else {
      body.invokevirtual(flat.self(), name, call.typeSymbol());
    }
  }
}
