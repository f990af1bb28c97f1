package dev.gmem.aparapi;

import com.aparapi.Kernel;
import dev.gmem.aparapi.ArrayUses.Origin;
import dev.gmem.aparapi.ArrayUses.Passed;
import dev.gmem.aparapi.ArrayUses.Summary;
import dev.gmem.aparapi.ArrayUses.Touch;
import java.lang.classfile.CodeElement;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Follows the arrays of one method over the operand stack and through variables, and, in {@code
 * run}, the {@link IndexForm}s of the elements that are touched whatever happens.
 *
 * <p>Variables are those of slots: one that holds several arrays one after the other holds all of
 * them. The method is gone through until no slot gains an array. Threads: one.
 */
final class ArrayFlow {
  /**
   * What one operand may be.
   *
   * @param arrays the arrays, if it is one
   * @param direct whether an array comes from its field without a detour
   * @param wide whether it takes two slots
   * @param form what the number is; null if that is not known
   * @param path the indices that led from an array of arrays to this one; null if not known
   */
  private record Operand(
      Set<Origin> arrays, boolean direct, boolean wide, IndexForm form, List<IndexForm> path) {
    static final Operand NARROW = new Operand(Set.of(), false, false, null, List.of());
    static final Operand WIDE = new Operand(Set.of(), false, true, null, List.of());

    static Operand of(TypeKind kind) {
      return kind.slotSize() == 2 ? WIDE : NARROW;
    }

    static Operand of(IndexForm form) {
      return new Operand(Set.of(), false, false, form, List.of());
    }

    static Operand of(Set<Origin> arrays, boolean direct) {
      return new Operand(Set.copyOf(arrays), direct, false, null, List.of());
    }

    Operand or(Operand other) {
      if (equals(other)) {
        return this;
      }
      Set<Origin> both = new HashSet<>(arrays);
      both.addAll(other.arrays);
      return new Operand(both, false, wide, null, Objects.equals(path, other.path) ? path : null);
    }

    Operand at(IndexForm index) {
      if (path == null || index == null) {
        return new Operand(arrays, direct, false, null, null);
      }
      List<IndexForm> longer = new ArrayList<>(path);
      longer.add(index);
      return new Operand(arrays, direct, false, null, longer);
    }

    boolean isWhole() {
      return path != null && path.isEmpty();
    }
  }

  private final ArrayUses uses;
  private final KernelMethod method;
  private final Certainty certainty;
  private final Map<Integer, Set<Origin>> variables = new HashMap<>();
  private Map<Integer, IndexForm> numbers;
  private Summary summary;
  private OperandStack<Operand> stack;
  private int line;
  private int place;

  ArrayFlow(ArrayUses uses, KernelMethod method) {
    this.uses = uses;
    this.method = method;
    certainty = method.equals(uses.code().run()) ? Certainty.of(method.code()) : Certainty.NOTHING;
  }

  Summary summary() {
    int slot = method.isStatic() ? 0 : 1;
    for (ClassDesc type : method.model().methodTypeSymbol().parameterList()) {
      if (KernelTypes.map(type) == KernelTypes.VIEW) {
        variables.put(slot, new HashSet<>(Set.of(new Origin.Given(slot))));
      }
      slot += TypeKind.from(type).slotSize();
    }
    int known;
    do {
      known = known();
      summary = new Summary();
      follow();
    } while (known() > known);
    return summary;
  }

  private int known() {
    return variables.values().stream().mapToInt(Set::size).sum();
  }

  private void follow() {
    line = method.firstLine();
    stack = new OperandStack<>(Operand::wide, Operand::or);
    numbers = new HashMap<>();
    place = 0;
    for (CodeElement element : method.code()) {
      switch (element) {
        case LineNumber number -> line = number.line();
        case LabelTarget target -> stack.arrive(target.label());
        case Instruction instruction when stack.isReachable() -> step(instruction);
        default -> {}
      }
      place++;
    }
  }

  private void step(Instruction instruction) {
    switch (instruction) {
      case FieldInstruction field -> {
        pop();
        push(field);
      }
      case ArrayLoadInstruction load -> load(load);
      case ArrayStoreInstruction store -> {
        pop();
        IndexForm index = pop().form;
        touch(pop(), index, true);
      }
      case LoadInstruction load ->
          stack.push(
              load.typeKind() == TypeKind.REFERENCE
                  ? Operand.of(variables.getOrDefault(load.slot(), Set.of()), false)
                  : load.typeKind() == TypeKind.INT
                      ? Operand.of(numbers.get(load.slot()))
                      : Operand.of(load.typeKind()));
      case StoreInstruction store -> store(store);
      case ConstantInstruction constant ->
          stack.push(
              constant.constantValue() instanceof Integer value
                  ? Operand.of(new IndexForm.Constant(value))
                  : Operand.of(constant.typeKind()));
      case ConvertInstruction convert -> {
        pop();
        stack.push(Operand.of(convert.toType()));
      }
      case OperatorInstruction operator -> operate(operator);
      case StackInstruction shuffle -> stack.shuffle(shuffle.opcode());
      case NewPrimitiveArrayInstruction array -> {
        pop();
        stack.push(Operand.of(Set.of(new Origin.Made()), true));
      }
      case InvokeInstruction call -> call(call);
      case BranchInstruction branch -> stack.branch(branch.opcode(), branch.target());
      case ReturnInstruction result -> {
        if (result.typeKind() != TypeKind.VOID) {
          readAndWritten(pop());
        }
        stack.end();
      }
      default -> {}
    }
  }

  private void push(FieldInstruction field) {
    String name = field.name().stringValue();
    if (field.type().stringValue().startsWith("[")) {
      stack.push(Operand.of(Set.of(new Origin.OfField(name)), true));
    } else {
      TypeKind kind = TypeKind.from(field.typeSymbol());
      boolean number = kind.asLoadable() == TypeKind.INT && kind != TypeKind.BOOLEAN;
      stack.push(number ? Operand.of(new IndexForm.Scalar(name)) : Operand.of(kind));
    }
  }

  private void load(ArrayLoadInstruction load) {
    IndexForm index = pop().form;
    Operand array = pop();
    if (load.opcode() == Opcode.AALOAD) {
      stack.push(array.at(index));
    } else {
      touch(array, index, false);
      stack.push(Operand.of(load.typeKind()));
    }
  }

  private void touch(Operand array, IndexForm index, boolean writes) {
    (writes ? summary.written : summary.read).addAll(array.arrays);
    if (array.arrays.size() > 1 && uses.spacesOf(array.arrays) > 1) {
      throw refused(
          "a choice between arrays in memory of several kinds", "choose between their elements");
    }
    List<IndexForm> path = array.at(index).path;
    if (certainty.at(place)
        && path != null
        && array.arrays.size() == 1
        && array.arrays.iterator().next() instanceof Origin.OfField(String name)) {
      summary.touches.add(new Touch(name, path, writes));
    }
  }

  private void store(StoreInstruction store) {
    Operand value = pop();
    if (store.typeKind() == TypeKind.REFERENCE) {
      keep(value);
      variables.computeIfAbsent(store.slot(), k -> new HashSet<>()).addAll(value.arrays);
    } else if (certainty.isOnlyStore(place, store.slot())) {
      numbers.put(store.slot(), value.form);
    }
  }

  /** Variables for arrays are for those in global memory, or made where the variable is. */
  private void keep(Operand value) {
    if (!value.isWhole()) {
      throw refused(
          "a variable for a row of an array of arrays", "write the element with all its indices");
    }
    for (Origin origin : value.arrays) {
      switch (origin) {
        case Origin.OfField(String name) when uses.dimensions(name) > 1 ->
            throw refused("a variable for an array of arrays", "write the field itself");
        case Origin.Made made when value.direct -> {}
        default -> summary.passed.add(new Passed(origin, null, 0, line));
      }
    }
  }

  private void operate(OperatorInstruction operator) {
    if (operator.opcode() == Opcode.ARRAYLENGTH) {
      stack.push(Operand.of(length(pop())));
      return;
    }
    Operand right = pop();
    IndexForm form =
        switch (operator.opcode()) {
          case INEG -> IndexForm.minus(right.form);
          case LNEG, FNEG, DNEG -> null;
          default -> {
            IndexForm left = pop().form;
            yield switch (operator.opcode()) {
              case IADD -> IndexForm.sum(left, right.form);
              case ISUB -> IndexForm.sum(left, IndexForm.minus(right.form));
              case IMUL -> IndexForm.product(left, right.form);
              default -> null;
            };
          }
        };
    boolean compares =
        switch (operator.opcode()) {
          case LCMP, FCMPL, FCMPG, DCMPL, DCMPG -> true;
          default -> false;
        };
    stack.push(
        form != null
            ? Operand.of(form)
            : compares ? Operand.NARROW : Operand.of(operator.typeKind()));
  }

  private IndexForm length(Operand array) {
    if (!array.direct || !(array.arrays.iterator().next() instanceof Origin.OfField field)) {
      throw refused(
          "the length of an array that is not a field (or for over the elements of an array)",
          "use the length of the field, or pass the length along with the array");
    }
    return array.isWhole() ? new IndexForm.Length(field.name()) : null;
  }

  private void call(InvokeInstruction call) {
    List<ClassDesc> parameters = call.typeSymbol().parameterList();
    List<Operand> arguments = new ArrayList<>();
    for (int i = 0; i < parameters.size(); i++) {
      arguments.addFirst(pop());
    }
    int slot = 0;
    if (call.opcode() != Opcode.INVOKESTATIC) {
      pop();
      slot = 1;
    }
    KernelMethod callee =
        uses.code().resolve(method, call) instanceof KernelCode.Callee.Code(KernelMethod found)
                && found.owner() != Kernel.class
            ? found
            : null;
    if (callee != null) {
      addFields(uses.summary(callee).read, summary.read);
      addFields(uses.summary(callee).written, summary.written);
    }
    for (int i = 0; i < parameters.size(); i++) {
      if (callee == null) {
        readAndWritten(arguments.get(i));
      } else {
        give(arguments.get(i), callee, slot);
      }
      slot += TypeKind.from(parameters.get(i)).slotSize();
    }
    TypeKind result = TypeKind.from(call.typeSymbol().returnType());
    if (result != TypeKind.VOID) {
      IndexForm form = callee == null ? place(call, arguments) : null;
      stack.push(form == null ? Operand.of(result) : Operand.of(form));
    }
  }

  /** What methods of {@code Kernel} tell of an item's place. */
  private static IndexForm place(InvokeInstruction call, List<Operand> arguments) {
    int dimension = 0;
    if (arguments.size() == 1) {
      dimension =
          arguments.getFirst().form instanceof IndexForm.Constant(int value)
                  && value >= 0
                  && value < 3
              ? value
              : -1;
    }
    if (dimension < 0 || arguments.size() > 1) {
      return null;
    }
    return switch (call.name().stringValue()) {
      case "getGlobalId" -> new IndexForm.Id(dimension);
      case "getGlobalSize" -> new IndexForm.Size(dimension);
      case "getPassId" -> new IndexForm.Pass();
      default -> null;
    };
  }

  private static void addFields(Set<Origin> from, Set<Origin> to) {
    from.stream().filter(Origin.OfField.class::isInstance).forEach(to::add);
  }

  private void give(Operand argument, KernelMethod callee, int slot) {
    if (argument.arrays.isEmpty()) {
      return;
    }
    if (!argument.isWhole()) {
      throw refused(
          "a row of an array of arrays as an argument (of " + uses.nameOf(callee) + ")",
          "pass the whole array and the index, or the element");
    }
    Summary theirs = uses.summary(callee);
    Origin given = new Origin.Given(slot);
    if (theirs.read.contains(given)) {
      summary.read.addAll(argument.arrays);
    }
    if (theirs.written.contains(given)) {
      summary.written.addAll(argument.arrays);
    }
    argument.arrays.forEach(a -> summary.passed.add(new Passed(a, callee, slot, line)));
  }

  private Operand pop() {
    return stack.pop();
  }

  private void readAndWritten(Operand operand) {
    summary.read.addAll(operand.arrays);
    summary.written.addAll(operand.arrays);
  }

  private KernelTranslationException refused(String construct, String hint) {
    return uses.refused(method, construct, hint, line);
  }
}
