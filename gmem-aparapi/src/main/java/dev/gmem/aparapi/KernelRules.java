package dev.gmem.aparapi;

import com.aparapi.Kernel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.DiscontinuedInstruction;
import java.lang.classfile.instruction.ExceptionCatch;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.MonitorInstruction;
import java.lang.classfile.instruction.NewMultiArrayInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.NewReferenceArrayInstruction;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.classfile.instruction.ThrowInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What a kernel may contain. The translator refuses most of the rest, too, but does not say where,
 * and lets some of it through into text that does not compile.
 */
final class KernelRules {
  private final KernelCode code;
  private KernelMethod method;
  private int line;

  private KernelRules(KernelCode code) {
    this.code = code;
  }

  /**
   * Checks everything that a kernel reaches.
   *
   * @throws KernelTranslationException on the first thing that cannot be translated
   */
  static void check(KernelCode code) {
    KernelRules rules = new KernelRules(code);
    for (KernelMethod method : code.methods()) {
      if (method.owner() != Kernel.class && !method.isOfTheJdk()) {
        rules.check(method);
      }
    }
    rules.checkRecursion(code.run(), new HashSet<>());
  }

  private void check(KernelMethod checked) {
    method = checked;
    line = checked.firstLine();
    Instruction before = null;
    for (CodeElement element : checked.code()) {
      if (element instanceof LineNumber number) {
        line = number.line();
      }
      checkFlow(element);
      checkObjects(element, before);
      if (element instanceof FieldInstruction field) {
        checkField(field);
      }
      if (element instanceof InvokeInstruction call) {
        checkCall(call);
      }
      before = element instanceof Instruction instruction ? instruction : before;
    }
    checkJumps(checked.code());
  }

  private void checkFlow(CodeElement element) {
    switch (element) {
      case TableSwitchInstruction s -> throw refused("switch", "use if and else");
      case LookupSwitchInstruction s -> throw refused("switch", "use if and else");
      case ThrowInstruction t ->
          throw refused("throw", "write an error code into an array, and test it after the launch");
      case ExceptionCatch c -> throw refused("try", "test the values beforehand");
      case MonitorInstruction m ->
          throw refused("synchronized", "use an atomic method of Kernel, or a barrier");
      case DiscontinuedInstruction d -> throw refused("jsr and ret", "compile for Java 6 or newer");
      default -> {}
    }
  }

  private void checkObjects(CodeElement element, Instruction before) {
    if (before instanceof NewPrimitiveArrayInstruction && isDup(element)) {
      throw refused(
          "an array with initial elements (or a variable number of arguments)",
          "make the array with new, and assign its elements one by one");
    }
    switch (element) {
      case NewObjectInstruction n -> {
        Class<?> type = code.find(n.className().asInternalName());
        boolean thrown = type != null && Throwable.class.isAssignableFrom(type);
        throw thrown
            ? refused("throw", "write an error code into an array, and test it after the launch")
            : refused(
                "new " + n.className().asInternalName().replace('/', '.'),
                "keep the values in arrays and local variables");
      }
      case NewPrimitiveArrayInstruction n -> {
        if (!(before instanceof ConstantInstruction)) {
          throw refused(
              "new on an array whose length is not a constant",
              "use a constant length, or pass an array field to work in");
        }
      }
      case ArrayStoreInstruction store when store.opcode() == Opcode.AASTORE ->
          throw refused(
              "an assignment of an array to an element of another",
              "assign the elements one by one");
      case NewReferenceArrayInstruction n ->
          throw refused("new on an array of objects", "use arrays of primitive types");
      case NewMultiArrayInstruction n ->
          throw refused("new on an array of arrays", "use one array and compute the index");
      case InvokeDynamicInstruction d ->
          throw refused(
              d.name().equalsString("makeConcatWithConstants")
                  ? "a string"
                  : "a lambda expression or method reference",
              "compute with primitive values and call methods by name");
      case ConstantInstruction.LoadConstantInstruction c when isObject(c.constantValue()) ->
          throw refused(
              c.constantValue() instanceof String ? "a string" : "a class constant",
              "compute with primitive values");
      case TypeCheckInstruction t ->
          throw refused("a cast of an object, or instanceof", "compute with primitive values");
      default -> {}
    }
  }

  private static boolean isDup(CodeElement element) {
    return element instanceof Instruction instruction && instruction.opcode() == Opcode.DUP;
  }

  private static boolean isObject(Object constant) {
    return !(constant instanceof Number);
  }

  private void checkField(FieldInstruction field) {
    String name = field.name().stringValue();
    String type = field.type().stringValue();
    boolean isStatic = field.opcode() == Opcode.GETSTATIC || field.opcode() == Opcode.PUTSTATIC;
    if (field.opcode() == Opcode.PUTFIELD || field.opcode() == Opcode.PUTSTATIC) {
      throw refused(
          "an assignment to the field " + name,
          "use a local variable, or an array of length 1 for results");
    }
    if (isStatic && name.equals("$assertionsDisabled")) {
      throw refused("assert", "test the values before or after the launch");
    }
    if (isStatic && type.equals("Ljava/io/PrintStream;")) {
      throw refused(
          "output (to the console)", "write into an array, and print it after the launch");
    }
    if (isStatic) {
      throw refused(
          "the static field " + name,
          "make it an instance field, or a constant (static final with a constant value)");
    }
    if (name.startsWith("this$")) {
      throw refused(
          "the object around it (" + name + ")",
          "make the kernel's class static, with fields of its own for what it uses");
    }
    if (isSegment(type)) {
      throw refused(
          "the segment or buffer " + name,
          "declare an array field, and bind the segment to it when launching");
    }
    if (type.length() > 1 && !KernelTypes.isArray(type)) {
      throw refused("an object (field " + name + ")", "use fields of primitive and array types");
    }
    if (!code.isKernel(field.owner().asInternalName())) {
      throw refused(
          "a field of another object (" + name + ")", "copy the value into the kernel's own field");
    }
  }

  private static boolean isSegment(String descriptor) {
    return descriptor.startsWith("Ljava/lang/foreign/") || descriptor.startsWith("Ljava/nio/");
  }

  private void checkCall(InvokeInstruction call) {
    String owner = call.owner().asInternalName();
    String name = call.name().stringValue();
    if (isSegment("L" + owner)) {
      throw refused(
          "access to a segment or buffer (" + name + ")",
          "declare an array field, and bind the segment to it when launching");
    }
    boolean objects =
        call.typeSymbol().parameterList().stream()
            .map(ClassDesc::descriptorString)
            .anyMatch(d -> d.startsWith("L") && !KernelTypes.isAtomic(d));
    if (objects) {
      throw refused(
          "an object as an argument (of " + name + ")", "pass primitive values and arrays");
    }
    if (call.typeSymbol().parameterList().stream()
        .anyMatch(p -> p.descriptorString().startsWith("[["))) {
      throw refused("an array of arrays as an argument (of " + name + ")", "pass its elements");
    }
    switch (code.resolve(method, call)) {
      case KernelCode.Callee.None none -> throw uncallable(call, owner, name);
      case KernelCode.Callee.Code(KernelMethod callee) when callee.isOfTheJdk() ->
          checkLibrary(callee, new HashSet<>());
      default -> {}
    }
  }

  private KernelTranslationException uncallable(InvokeInstruction call, String owner, String name) {
    if (code.isKernel(owner)) {
      return refused(
          "a call of " + name + call.type().stringValue(),
          code.isMethodOfKernel(name)
              ? "this method of Kernel is for the host"
              : "it has no code that can be found (native, or several that could be meant)");
    }
    String what = "a call of " + owner.replace('/', '.') + "." + name;
    boolean boxes = owner.startsWith("java/lang/") && name.matches("valueOf|[a-z]+Value");
    return boxes
        ? refused(what, "use int instead of Integer, and so on")
        : refused(what, "call methods of the kernel, or static methods over primitive values");
  }

  /** Methods of the JDK are translated from their bytecode, too; what they need is theirs. */
  private void checkLibrary(KernelMethod callee, Set<KernelMethod> seen) {
    if (!seen.add(callee)) {
      return;
    }
    try {
      new KernelRules(code).check(callee);
      code.callees(callee).forEach(next -> checkLibrary(next, seen));
    } catch (KernelTranslationException e) {
      throw method.refused(
          "a call of " + callee.owner().getName() + "." + callee.name(),
          "its code cannot be translated; call a method of Kernel, or write it yourself",
          line,
          e);
    }
  }

  /** A jump from inside a loop to beyond its end is a {@code break}, or a labelled continue. */
  private void checkJumps(CodeModel body) {
    Map<Label, Integer> places = new IdentityHashMap<>();
    int place = 0;
    for (CodeElement element : body) {
      if (element instanceof LabelTarget target) {
        places.put(target.label(), place);
      }
      place++;
    }
    Map<Integer, Integer> ends = loopEnds(body, places);
    place = 0;
    line = method.firstLine();
    for (CodeElement element : body) {
      if (element instanceof LineNumber number) {
        line = number.line();
      }
      if (element instanceof BranchInstruction branch && isGoto(branch)) {
        int from = place;
        int to = places.get(branch.target());
        if (to <= from && !hasExit(body, places, to, from)) {
          throw refused(
              "a loop without a condition (as while (true))",
              "put the condition under which it goes on into its head");
        }
        boolean leaves =
            ends.entrySet().stream()
                .anyMatch(
                    loop ->
                        loop.getKey() <= from && from < loop.getValue() && to > loop.getValue());
        if (leaves) {
          throw refused(
              "break (or continue to a label)",
              "put the condition into the head of the loop, or move the loop into a method and"
                  + " return from it");
        }
      }
      place++;
    }
  }

  /** Whether a condition between two places leads beyond the second. */
  private static boolean hasExit(CodeModel body, Map<Label, Integer> places, int from, int to) {
    int place = 0;
    for (CodeElement element : body) {
      if (place >= from
          && place < to
          && element instanceof BranchInstruction branch
          && !isGoto(branch)
          && places.get(branch.target()) > to) {
        return true;
      }
      place++;
    }
    return false;
  }

  private static Map<Integer, Integer> loopEnds(CodeModel body, Map<Label, Integer> places) {
    Map<Integer, Integer> ends = new HashMap<>();
    int place = 0;
    for (CodeElement element : body) {
      if (element instanceof BranchInstruction branch && places.get(branch.target()) <= place) {
        ends.merge(places.get(branch.target()), place, Math::max);
      }
      place++;
    }
    return ends;
  }

  private static boolean isGoto(BranchInstruction branch) {
    return branch.opcode() == Opcode.GOTO || branch.opcode() == Opcode.GOTO_W;
  }

  private void checkRecursion(KernelMethod from, Set<KernelMethod> above) {
    above.add(from);
    for (KernelMethod callee : code.callees(from)) {
      if (above.contains(callee)) {
        throw callee.refused("recursion", "use a loop", callee.firstLine());
      }
      checkRecursion(callee, above);
    }
    above.remove(from);
  }

  private KernelTranslationException refused(String construct, String hint) {
    return method.refused(construct, hint, line);
  }
}
