package dev.gmem.aparapi;

import java.lang.classfile.Instruction;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.util.HashMap;
import java.util.Map;

/** What types the arrays in the {@link Variables} of a method are of. Threads: one. */
final class ArrayTypes {
  private final KernelMethod method;
  private final Variables variables;
  private final Map<Integer, ClassDesc> found = new HashMap<>();
  private TypeStack stack;
  private int line;

  ArrayTypes(KernelMethod method, Variables variables) {
    this.method = method;
    this.variables = variables;
  }

  /**
   * Finds them.
   *
   * @return by {@link Variables#rootAt}
   * @throws KernelTranslationException if a variable holds what is no array
   */
  Map<Integer, ClassDesc> find() {
    int slot = method.isStatic() ? 0 : 1;
    if (!method.isStatic()) {
      found.put(Variables.placeOfParameter(0), method.owner().describeConstable().orElseThrow());
    }
    for (ClassDesc type : method.model().methodTypeSymbol().parameterList()) {
      found.put(Variables.placeOfParameter(slot), type);
      slot += TypeKind.from(type).slotSize();
    }
    int known;
    do {
      known = found.size();
      follow();
    } while (found.size() > known);
    return found;
  }

  private void follow() {
    line = method.firstLine();
    stack = new TypeStack();
    int place = 0;
    for (var element : method.code()) {
      switch (element) {
        case LineNumber number -> line = number.line();
        case LabelTarget target -> stack.arrive(target.label());
        case LoadInstruction load when stack.isReachable() ->
            stack.push(
                load.typeKind() == TypeKind.REFERENCE
                    ? found.getOrDefault(variables.rootAt(place), TypeStack.ANY)
                    : load.typeKind().upperBound());
        case StoreInstruction store when stack.isReachable() -> store(store, place);
        case Instruction instruction when stack.isReachable() -> stack.step(instruction);
        default -> {}
      }
      place++;
    }
  }

  private void store(StoreInstruction store, int place) {
    ClassDesc type = stack.pop();
    if (store.typeKind() != TypeKind.REFERENCE || type == TypeStack.ANY) {
      return;
    }
    if (!type.isArray() && !KernelTypes.isAtomic(type.descriptorString())) {
      throw method.refused(
          "a variable for an object (a " + type.displayName() + ")",
          "use variables of primitive and array types",
          line);
    }
    found.putIfAbsent(variables.rootAt(place), type);
  }
}
