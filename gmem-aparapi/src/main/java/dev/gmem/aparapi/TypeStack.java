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
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StackInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;

/** The types of what is on a method's operand stack. Threads: one. */
final class TypeStack extends OperandStack<ClassDesc> {
  /** Of {@code null}: any. */
  static final ClassDesc ANY = ConstantDescs.CD_Object;

  TypeStack() {
    super(t -> TypeKind.from(t).slotSize() == 2, (a, b) -> a == ANY ? b : a);
  }

  /** Executes anything but a load or store of a variable. */
  void step(Instruction instruction) {
    switch (instruction) {
      case FieldInstruction field -> {
        if (field.opcode() == Opcode.GETFIELD) {
          pop();
        }
        push(field.typeSymbol());
      }
      case ArrayLoadInstruction load -> {
        pop();
        ClassDesc array = pop();
        push(
            load.opcode() == Opcode.AALOAD
                ? array.isArray() ? array.componentType() : ANY
                : load.typeKind().upperBound());
      }
      case ArrayStoreInstruction store -> pop(3);
      case ConstantInstruction constant ->
          push(constant.opcode() == Opcode.ACONST_NULL ? ANY : constant.typeKind().upperBound());
      case ConvertInstruction convert -> {
        pop();
        push(convert.toType().upperBound());
      }
      case OperatorInstruction operator -> operate(operator);
      case StackInstruction shuffle -> shuffle(shuffle.opcode());
      case NewPrimitiveArrayInstruction array -> {
        pop();
        push(array.typeKind().upperBound().arrayType());
      }
      case InvokeInstruction call -> call(call);
      case BranchInstruction branch -> branch(branch.opcode(), branch.target());
      case ReturnInstruction end -> end();
      default -> {}
    }
  }

  private void pop(int operands) {
    for (int i = 0; i < operands; i++) {
      pop();
    }
  }

  private void operate(OperatorInstruction operator) {
    switch (operator.opcode()) {
      case ARRAYLENGTH, INEG, LNEG, FNEG, DNEG -> pop(1);
      default -> pop(2);
    }
    switch (operator.opcode()) {
      case ARRAYLENGTH, LCMP, FCMPL, FCMPG, DCMPL, DCMPG -> push(CD_int);
      default -> push(operator.typeKind().upperBound());
    }
  }

  private void call(InvokeInstruction call) {
    pop(call.typeSymbol().parameterCount() + (call.opcode() == Opcode.INVOKESTATIC ? 0 : 1));
    if (!call.typeSymbol().returnType().equals(ConstantDescs.CD_void)) {
      push(call.typeSymbol().returnType());
    }
  }
}
