package dev.gmem.aparapi;

import com.aparapi.Kernel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
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
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Which array fields a kernel reads and writes. Follows arrays on the operand stack from the field
 * to the access; an array that goes anywhere else (a variable, an argument, a result) counts as
 * read and written. The translator's own analysis looks at the simplest accesses only, and misses
 * the reads of {@code a[i] += x} and everything that happens through arguments.
 *
 * <p>The methods must keep to {@link KernelRules}. Threads: one.
 */
final class ArrayUses {
  /** What one operand may be: an array of these fields; {@code wide} if it takes two slots. */
  private record Operand(Set<String> fields, boolean wide) {
    static final Operand NARROW = new Operand(Set.of(), false);
    static final Operand WIDE = new Operand(Set.of(), true);

    static Operand of(TypeKind kind) {
      return kind.slotSize() == 2 ? WIDE : NARROW;
    }

    Operand or(Operand other) {
      Set<String> both = new HashSet<>(fields);
      both.addAll(other.fields);
      return new Operand(both, wide);
    }
  }

  private final Set<String> read = new HashSet<>();
  private final Set<String> written = new HashSet<>();

  private KernelMethod method;
  private List<Operand> stack = new ArrayList<>();
  private Map<Label, List<Operand>> stacksAt = new IdentityHashMap<>();
  private boolean reachable;
  private int line;

  private ArrayUses() {}

  /** Follows the arrays of everything that a kernel reaches. */
  static ArrayUses of(KernelCode code) {
    ArrayUses uses = new ArrayUses();
    for (KernelMethod method : code.methods()) {
      if (method.owner() != Kernel.class) {
        uses.follow(method);
      }
    }
    return uses;
  }

  boolean isRead(String field) {
    return read.contains(field);
  }

  boolean isWritten(String field) {
    return written.contains(field);
  }

  private void follow(KernelMethod followed) {
    method = followed;
    line = followed.firstLine();
    stack = new ArrayList<>();
    stacksAt = new IdentityHashMap<>();
    reachable = true;
    for (CodeElement element : followed.code()) {
      switch (element) {
        case LineNumber number -> line = number.line();
        case LabelTarget target -> arrive(target.label());
        case Instruction instruction when reachable -> step(instruction);
        default -> {}
      }
    }
  }

  private void arrive(Label label) {
    List<Operand> there = stacksAt.get(label);
    if (there == null) {
      if (!reachable) {
        stack = new ArrayList<>();
      }
    } else if (!reachable) {
      stack = new ArrayList<>(there);
    } else {
      for (int i = 0; i < stack.size(); i++) {
        stack.set(i, stack.get(i).or(there.get(i)));
      }
    }
    reachable = true;
  }

  private void leaveFor(Label label) {
    List<Operand> there = stacksAt.get(label);
    if (there == null) {
      stacksAt.put(label, new ArrayList<>(stack));
    } else {
      for (int i = 0; i < there.size(); i++) {
        there.set(i, there.get(i).or(stack.get(i)));
      }
    }
  }

  private void step(Instruction instruction) {
    switch (instruction) {
      case FieldInstruction field -> {
        pop();
        push(field);
      }
      case ArrayLoadInstruction load -> {
        pop();
        Set<String> fields = pop().fields;
        if (load.opcode() == Opcode.AALOAD) {
          stack.add(new Operand(fields, false));
        } else {
          read.addAll(fields);
          stack.add(Operand.of(load.typeKind()));
        }
      }
      case ArrayStoreInstruction store -> {
        escape(pop());
        pop();
        written.addAll(pop().fields);
      }
      case LoadInstruction load -> stack.add(Operand.of(load.typeKind()));
      case StoreInstruction store -> escape(pop());
      case ConstantInstruction constant -> stack.add(Operand.of(constant.typeKind()));
      case ConvertInstruction convert -> {
        pop();
        stack.add(Operand.of(convert.toType()));
      }
      case OperatorInstruction operator -> operate(operator);
      case StackInstruction shuffle -> shuffle(shuffle.opcode());
      case NewPrimitiveArrayInstruction array -> {
        pop();
        stack.add(Operand.NARROW);
      }
      case InvokeInstruction call -> call(call);
      case BranchInstruction branch -> branch(branch);
      case ReturnInstruction result -> {
        if (result.typeKind() != TypeKind.VOID) {
          escape(pop());
        }
        reachable = false;
      }
      default -> {}
    }
  }

  private void push(FieldInstruction field) {
    boolean array = field.type().stringValue().startsWith("[");
    stack.add(
        array
            ? new Operand(Set.of(field.name().stringValue()), false)
            : Operand.of(TypeKind.from(field.typeSymbol())));
  }

  private void operate(OperatorInstruction operator) {
    if (operator.opcode() == Opcode.ARRAYLENGTH) {
      if (pop().fields.isEmpty()) {
        throw method.refused(
            "the length of an array that is not a field (or for over the elements of an array)",
            "use the length of the field, or pass the length along with the array",
            line);
      }
      stack.add(Operand.NARROW);
      return;
    }
    boolean unary =
        switch (operator.opcode()) {
          case INEG, LNEG, FNEG, DNEG -> true;
          default -> false;
        };
    pop();
    if (!unary) {
      pop();
    }
    boolean compares =
        switch (operator.opcode()) {
          case LCMP, FCMPL, FCMPG, DCMPL, DCMPG -> true;
          default -> false;
        };
    stack.add(compares ? Operand.NARROW : Operand.of(operator.typeKind()));
  }

  private void call(InvokeInstruction call) {
    List<ClassDesc> parameters = call.typeSymbol().parameterList();
    for (int i = 0; i < parameters.size(); i++) {
      escape(pop());
    }
    if (call.opcode() != Opcode.INVOKESTATIC) {
      pop();
    }
    TypeKind result = TypeKind.from(call.typeSymbol().returnType());
    if (result != TypeKind.VOID) {
      stack.add(Operand.of(result));
    }
  }

  private void branch(BranchInstruction branch) {
    switch (branch.opcode()) {
      case GOTO, GOTO_W -> {}
      case IFEQ, IFNE, IFLT, IFGE, IFGT, IFLE, IFNULL, IFNONNULL -> pop();
      default -> {
        pop();
        pop();
      }
    }
    leaveFor(branch.target());
    if (branch.opcode() == Opcode.GOTO || branch.opcode() == Opcode.GOTO_W) {
      reachable = false;
    }
  }

  /** Operands of two slots are one entry here, so what moves depends on what is there. */
  private void shuffle(Opcode opcode) {
    switch (opcode) {
      case POP -> pop();
      case POP2 -> popSlots(2);
      case DUP -> insert(popSlots(1), 0);
      case DUP_X1 -> insert(popSlots(1), 1);
      case DUP_X2 -> insert(popSlots(1), 2);
      case DUP2 -> insert(popSlots(2), 0);
      case DUP2_X1 -> insert(popSlots(2), 1);
      case DUP2_X2 -> insert(popSlots(2), 2);
      default -> {
        Operand top = pop();
        stack.add(stack.size() - 1, top);
      }
    }
  }

  /** Puts operands back on top, and once more below so many slots. */
  private void insert(List<Operand> moved, int slotsBetween) {
    List<Operand> between = popSlots(slotsBetween);
    stack.addAll(moved);
    stack.addAll(between);
    stack.addAll(moved);
  }

  private List<Operand> popSlots(int slots) {
    List<Operand> popped = new ArrayList<>();
    for (int left = slots; left > 0; ) {
      Operand top = pop();
      popped.addFirst(top);
      left -= top.wide ? 2 : 1;
    }
    return popped;
  }

  private Operand pop() {
    return stack.removeLast();
  }

  private void escape(Operand operand) {
    read.addAll(operand.fields);
    written.addAll(operand.fields);
  }
}
