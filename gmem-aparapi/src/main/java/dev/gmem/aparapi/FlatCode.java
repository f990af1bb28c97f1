package dev.gmem.aparapi;

import com.aparapi.Kernel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.util.HashSet;
import java.util.Set;

/**
 * Writes the code of one method for a {@link FlatKernel}: only names change, the slots of
 * variables, and {@link LoopConditions}. Threads: one.
 */
final class FlatCode {
  private final FlatKernel flat;
  private final KernelMethod method;
  private final KernelMethod rewritten;
  private final CodeBuilder body;
  private final Variables variables;

  FlatCode(FlatKernel flat, KernelMethod method, CodeBuilder body) {
    this.flat = flat;
    this.method = method;
    this.body = body;
    rewritten = LoopConditions.rewritten(method);
    variables = new Variables(rewritten);
  }

  void write() {
    Label second = body.newLabel();
    boolean first = true;
    int place = 0;
    for (CodeElement element : rewritten.code()) {
      switch (element) {
        case FieldInstruction field ->
            body.getfield(
                flat.self(), flat.nameOf(flat.originalCode().field(field)), field.typeSymbol());
        case InvokeInstruction call -> call(call);
        case LoadInstruction load -> body.loadLocal(load.typeKind(), variables.slotAt(place));
        case StoreInstruction store -> body.storeLocal(store.typeKind(), variables.slotAt(place));
        case IncrementInstruction add -> body.iinc(variables.slotAt(place), add.constant());
        case Instruction instruction -> body.with(instruction);
        case LabelTarget target -> body.with(target);
        case LineNumber line -> body.with(line);
        default -> {}
      }
      if (first && element instanceof Instruction) {
        body.labelBinding(second);
        first = false;
      }
      place++;
    }
    nameVariables(second);
  }

  /** The translator takes for a parameter what begins with the method. */
  private void nameVariables(Label second) {
    if (!method.isStatic()) {
      body.localVariable(0, "this", flat.self(), body.startLabel(), body.endLabel());
    }
    Set<String> taken = new HashSet<>();
    int parameters = variables.parameters();
    for (Variables.Variable variable : variables.all()) {
      body.localVariable(
          variable.slot(),
          flat.nameOf(method, variable.slot(), variable.name(), taken),
          variable.type(),
          parameters-- > 0 ? body.startLabel() : second,
          body.endLabel());
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
