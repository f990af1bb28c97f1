package dev.gmem.aparapi;

import static java.lang.constant.ConstantDescs.CD_int;

import java.lang.classfile.Instruction;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.ConvertInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StackInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.util.HashMap;
import java.util.Map;

/** What types the arrays in the {@link Variables} of a method are of. Threads: one. */
final class ArrayTypes {
  /** Of {@code null}: any. */
  private static final ClassDesc ANY = ConstantDescs.CD_Object;

  private final KernelMethod method;
  private final Variables variables;
  private final Map<Integer, ClassDesc> found = new HashMap<>();
  private OperandStack<ClassDesc> stack;
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
    stack = new OperandStack<>(t -> TypeKind.from(t).slotSize() == 2, (a, b) -> a == ANY ? b : a);
    int place = 0;
    for (var element : method.code()) {
      switch (element) {
        case LineNumber number -> line = number.line();
        case LabelTarget target -> stack.arrive(target.label());
        case LoadInstruction load when stack.isReachable() ->
            stack.push(
                load.typeKind() == TypeKind.REFERENCE
                    ? found.getOrDefault(variables.rootAt(place), ANY)
                    : load.typeKind().upperBound());
        case StoreInstruction store when stack.isReachable() -> store(store, place);
        case Instruction instruction when stack.isReachable() -> step(instruction);
        default -> {}
      }
      place++;
    }
  }

  private void store(StoreInstruction store, int place) {
    ClassDesc type = stack.pop();
    if (store.typeKind() != TypeKind.REFERENCE || type == ANY) {
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

  private void step(Instruction instruction) {
    switch (instruction) {
      case FieldInstruction field -> {
        if (field.opcode() == Opcode.GETFIELD) {
          stack.pop();
        }
        stack.push(field.typeSymbol());
      }
      case ArrayLoadInstruction load -> {
        stack.pop();
        ClassDesc array = stack.pop();
        stack.push(
            load.opcode() == Opcode.AALOAD
                ? array.isArray() ? array.componentType() : ANY
                : load.typeKind().upperBound());
      }
      case ArrayStoreInstruction store -> pop(3);
      case ConstantInstruction constant ->
          stack.push(
              constant.opcode() == Opcode.ACONST_NULL ? ANY : constant.typeKind().upperBound());
      case ConvertInstruction convert -> {
        stack.pop();
        stack.push(convert.toType().upperBound());
      }
      case OperatorInstruction operator -> operate(operator);
      case StackInstruction shuffle -> stack.shuffle(shuffle.opcode());
      case NewPrimitiveArrayInstruction array -> {
        stack.pop();
        stack.push(array.typeKind().upperBound().arrayType());
      }
      case InvokeInstruction call -> call(call);
      case BranchInstruction branch -> stack.branch(branch.opcode(), branch.target());
      case ReturnInstruction end -> stack.end();
      default -> {}
    }
  }

  private void pop(int operands) {
    for (int i = 0; i < operands; i++) {
      stack.pop();
    }
  }

  private void operate(OperatorInstruction operator) {
    switch (operator.opcode()) {
      case ARRAYLENGTH, INEG, LNEG, FNEG, DNEG -> pop(1);
      default -> pop(2);
    }
    switch (operator.opcode()) {
      case ARRAYLENGTH, LCMP, FCMPL, FCMPG, DCMPL, DCMPG -> stack.push(CD_int);
      default -> stack.push(operator.typeKind().upperBound());
    }
  }

  private void call(InvokeInstruction call) {
    pop(call.typeSymbol().parameterCount() + (call.opcode() == Opcode.INVOKESTATIC ? 0 : 1));
    if (!call.typeSymbol().returnType().equals(ConstantDescs.CD_void)) {
      stack.push(call.typeSymbol().returnType());
    }
  }
}
