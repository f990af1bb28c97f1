package dev.gmem.aparapi;

import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StackInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Assignments to variables whose value is used on the spot, as in {@code (n = a[i]) > 0}. Where
 * nothing else has been computed by then, the assignment may as well be a statement, and the value
 * be read from the variable. Threads: one.
 */
final class Assignments {
  private Assignments() {}

  /** A method that does the same, with such assignments as statements. */
  static KernelMethod apart(KernelMethod method) {
    List<CodeElement> code = method.code().elementList();
    Set<Integer> copies = copies(code);
    return copies.isEmpty()
        ? method
        : LoopConditions.with(
            method,
            body -> {
              for (int place = 0; place < code.size(); place++) {
                if (!copies.contains(place)) {
                  body.with(code.get(place));
                }
                if (copies.contains(place - 1)) {
                  StoreInstruction store = (StoreInstruction) code.get(place);
                  body.loadLocal(store.typeKind(), store.slot());
                }
              }
            });
  }

  /** Where a value is copied because it is stored and used, and is all there is on the stack. */
  private static Set<Integer> copies(List<CodeElement> code) {
    Set<Integer> found = new HashSet<>();
    TypeStack stack = new TypeStack();
    for (int place = 0; place < code.size(); place++) {
      switch (code.get(place)) {
        case LabelTarget target -> stack.arrive(target.label());
        case Instruction instruction when stack.isReachable() -> {
          if (instruction instanceof StackInstruction copy
              && (copy.opcode() == Opcode.DUP || copy.opcode() == Opcode.DUP2)
              && stack.depth() == 1
              && code.get(place + 1) instanceof StoreInstruction) {
            found.add(place);
          }
          step(stack, instruction);
        }
        default -> {}
      }
    }
    return found;
  }

  private static void step(TypeStack stack, Instruction instruction) {
    switch (instruction) {
      case LoadInstruction load -> stack.push(load.typeKind().upperBound());
      case StoreInstruction store -> stack.pop();
      default -> stack.step(instruction);
    }
  }
}
