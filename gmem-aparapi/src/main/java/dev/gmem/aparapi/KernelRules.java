package dev.gmem.aparapi;

import com.aparapi.Kernel;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.DiscontinuedInstruction;
import java.lang.classfile.instruction.ExceptionCatch;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LocalVariable;
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
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
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
  /** Words that mean something in OpenCL C and nothing in Java. */
  private static final Set<String> RESERVED =
      Set.of(
          "auto",
          "bool",
          "complex",
          "constant",
          "event_t",
          "extern",
          "global",
          "half",
          "image2d_t",
          "imaginary",
          "inline",
          "kernel",
          "local",
          "pipe",
          "ptrdiff_t",
          "quad",
          "read_only",
          "read_write",
          "register",
          "restrict",
          "sampler_t",
          "signed",
          "size_t",
          "sizeof",
          "struct",
          "typedef",
          "uchar",
          "uint",
          "ulong",
          "uniform",
          "union",
          "unsigned",
          "ushort",
          "write_only",
          "NAN",
          "INFINITY",
          "NULL",
          "passid");

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
      if (method.owner() != Kernel.class) {
        rules.check(method);
      }
    }
    rules.checkOverloads();
    rules.checkRecursion(code.run(), new HashSet<>());
  }

  private void check(KernelMethod checked) {
    method = checked;
    line = checked.firstLine();
    CodeElement before = null;
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
      if (element instanceof LocalVariable variable) {
        checkName("a local variable", variable.name().stringValue());
      }
      before = element instanceof Instruction ? element : before;
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

  private void checkObjects(CodeElement element, CodeElement before) {
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
    if (isStatic) {
      throw refused(
          "the static field " + name,
          "make it an instance field, or a constant (static final with a constant value)");
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
    checkReach(field.owner().asInternalName(), name);
    checkName("a field", name);
  }

  /**
   * The translator finds fields by name, from the kernel's class upwards, and skips private ones.
   */
  private void checkReach(String owner, String name) {
    Field field = declared(code.find(owner), name);
    Field choice = declared(code.kernelClass(), name);
    if (field == null || choice == null) {
      return;
    }
    if (!choice.equals(field)) {
      throw refused(
          "two fields named " + name,
          choice.getDeclaringClass().getName() + " has another one: give one of them another name");
    }
    if (field.getDeclaringClass() != code.kernelClass()
        && Modifier.isPrivate(field.getModifiers())) {
      throw refused("the private field " + name + " of a superclass", "make the field protected");
    }
  }

  private static Field declared(Class<?> start, String name) {
    for (Class<?> c = start; c != null && c != Kernel.class; c = c.getSuperclass()) {
      for (Field each : c.getDeclaredFields()) {
        if (each.getName().equals(name)) {
          return each;
        }
      }
    }
    return null;
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
    switch (code.resolve(method, call)) {
      case KernelCode.Callee.None none when code.isKernel(owner) ->
          throw refused(
              "a call of " + name + call.type().stringValue(),
              "this method of Kernel is for the host");
      case KernelCode.Callee.None none ->
          throw refused(
              "a call of " + owner.replace('/', '.') + "." + name,
              "call methods of the kernel, or static methods over primitive values");
      case KernelCode.Callee.Code(KernelMethod callee) -> checkChoice(call, callee);
      default -> {}
    }
  }

  private void checkChoice(InvokeInstruction call, KernelMethod callee) {
    if (callee.owner() == Kernel.class) {
      return;
    }
    if (code.isIntrinsicName(callee.name())) {
      throw refused(
          "a method of its own named " + callee.name(),
          "Kernel has one of that name, which would be taken: give it another name");
    }
    KernelMethod choice = code.translatorsChoice(call);
    if (choice != null && !choice.equals(callee)) {
      throw refused(
          "a call of " + callee.owner().getName() + "." + callee.name(),
          "the translator would take the method of that name in "
              + choice.owner().getName()
              + ": give one of them another name");
    }
  }

  private void checkName(String what, String name) {
    if (RESERVED.contains(name)) {
      throw refused(
          what + " named " + name, "the word has a meaning in OpenCL C: take another name");
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

  /** Functions of OpenCL C have one signature for a name. */
  private void checkOverloads() {
    Map<String, KernelMethod> seen = new HashMap<>();
    for (KernelMethod each : code.methods()) {
      KernelMethod other = seen.put(each.owner().getName() + " " + each.name(), each);
      if (other != null && each.owner() != Kernel.class) {
        throw each.refused(
            "two methods named " + each.name(), "give them different names", each.firstLine());
      }
    }
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
