package dev.gmem.aparapi;

import com.aparapi.Kernel;
import dev.gmem.KernelCompilationException;
import java.lang.classfile.Annotation;
import java.lang.classfile.Attributes;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.MethodTypeDesc;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The bytecode that a kernel reaches from {@code run}: methods of its class, of its superclasses,
 * of {@code Kernel} itself, and static methods of other classes. Threads: one.
 */
final class KernelCode {
  /** What a call ends in. */
  sealed interface Callee {
    /** A method whose bytecode belongs to the kernel. */
    record Code(KernelMethod method) implements Callee {}

    /** A method of {@link DeviceItem}, of that name. */
    record Builtin(String name, MethodTypeDesc type) implements Callee {}

    /** A static method of the JDK over primitive values, called as it is. */
    record Library() implements Callee {}

    /** Something that a kernel cannot call. */
    record None() implements Callee {}
  }

  private static final Set<String> INTRINSIC =
      Set.of("Lcom/aparapi/Kernel$OpenCLMapping;", "Lcom/aparapi/Kernel$OpenCLDelegate;");

  private static final Set<String> BUILTIN =
      Arrays.stream(DeviceItem.class.getDeclaredMethods())
          .map(m -> m.getName() + descriptor(m))
          .collect(Collectors.toUnmodifiableSet());

  private final Class<?> kernelClass;
  private final ClassFiles files;
  private final KernelMethod run;
  private final Map<KernelMethod, Set<KernelMethod>> calls = new LinkedHashMap<>();

  private KernelCode(Class<?> kernelClass) {
    this.kernelClass = kernelClass;
    files = new ClassFiles(kernelClass.getClassLoader());
    run =
        virtual(kernelClass, "run", "()V")
            .orElseThrow(
                () ->
                    new KernelCompilationException(
                        "a kernel needs a method run(): class=" + kernelClass.getName()));
  }

  static KernelCode of(Class<? extends Kernel> kernelClass) {
    KernelCode code = new KernelCode(kernelClass);
    code.reach(code.run);
    return code;
  }

  private static String descriptor(java.lang.reflect.Method method) {
    return java.lang.invoke.MethodType.methodType(
            method.getReturnType(), method.getParameterTypes())
        .toMethodDescriptorString();
  }

  private void reach(KernelMethod method) {
    Set<KernelMethod> callees = new LinkedHashSet<>();
    calls.put(method, callees);
    for (var element : method.code()) {
      if (element instanceof InvokeInstruction call
          && resolve(method, call) instanceof Callee.Code(KernelMethod callee)) {
        callees.add(callee);
        if (!calls.containsKey(callee)) {
          reach(callee);
        }
      }
    }
  }

  Class<?> kernelClass() {
    return kernelClass;
  }

  KernelMethod run() {
    return run;
  }

  Collection<KernelMethod> methods() {
    return List.copyOf(calls.keySet());
  }

  Set<KernelMethod> callees(KernelMethod method) {
    return calls.get(method);
  }

  boolean isReached(String kernelMethod) {
    return calls.keySet().stream()
        .flatMap(m -> m.code().elementStream())
        .anyMatch(
            e ->
                e instanceof InvokeInstruction call
                    && call.name().equalsString(kernelMethod)
                    && isKernel(call.owner().asInternalName()));
  }

  /** Whether a class is the kernel's or one of its superclasses. */
  boolean isKernel(String internalName) {
    for (Class<?> c = kernelClass; c != Object.class; c = c.getSuperclass()) {
      if (c.getName().replace('.', '/').equals(internalName)) {
        return true;
      }
    }
    return false;
  }

  Class<?> find(String internalName) {
    return files.find(internalName);
  }

  Callee resolve(KernelMethod caller, InvokeInstruction call) {
    String owner = call.owner().asInternalName();
    String name = call.name().stringValue();
    String descriptor = call.type().stringValue();
    boolean isStatic = call.opcode() == Opcode.INVOKESTATIC;
    if (!isKernel(owner)) {
      return isStatic ? resolveStatic(owner, name, descriptor) : new Callee.None();
    }
    Class<?> start =
        call.opcode() == Opcode.INVOKEVIRTUAL && !isPrivate(owner, name, descriptor)
            ? kernelClass
            : files.find(owner);
    KernelMethod found = virtual(start, name, descriptor).orElse(null);
    if (found != null && found.owner() != Kernel.class) {
      return new Callee.Code(found);
    }
    MethodTypeDesc mapped = KernelTypes.map(call.typeSymbol());
    if (BUILTIN.contains(name + mapped.descriptorString())) {
      return new Callee.Builtin(name, mapped);
    }
    boolean usable = found != null && (caller.owner() == Kernel.class || isIntrinsic(found));
    return usable ? new Callee.Code(found) : new Callee.None();
  }

  /**
   * What the translator takes a call for, which looks for methods by name and type from the
   * kernel's class upwards, whatever the class that the call names; null if it finds none there.
   */
  KernelMethod translatorsChoice(InvokeInstruction call) {
    boolean above =
        call.opcode() == Opcode.INVOKESPECIAL
            && files.find(call.owner().asInternalName()) != kernelClass;
    return virtual(
            above ? kernelClass.getSuperclass() : kernelClass,
            call.name().stringValue(),
            call.type().stringValue())
        .orElse(null);
  }

  private Callee resolveStatic(String owner, String name, String descriptor) {
    if (owner.startsWith("java/")) {
      boolean primitive = !descriptor.contains("L") && !descriptor.contains("[");
      return primitive ? new Callee.Library() : new Callee.None();
    }
    Class<?> type = files.find(owner);
    Optional<KernelMethod> found =
        type == null || type.isInterface() && name.startsWith("lambda$")
            ? Optional.empty()
            : virtual(type, name, descriptor);
    return found.<Callee>map(Callee.Code::new).orElse(new Callee.None());
  }

  private boolean isPrivate(String owner, String name, String descriptor) {
    return files
        .declared(files.find(owner), name, descriptor)
        .filter(m -> m.model().flags().has(java.lang.reflect.AccessFlag.PRIVATE))
        .isPresent();
  }

  private Optional<KernelMethod> virtual(Class<?> start, String name, String descriptor) {
    for (Class<?> c = start; c != null && c != Object.class; c = c.getSuperclass()) {
      Optional<KernelMethod> found = files.declared(c, name, descriptor);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  /** Whether a name is one that the translator takes for a function of OpenCL C. */
  boolean isIntrinsicName(String name) {
    return files.model(Kernel.class).methods().stream()
        .filter(m -> m.methodName().equalsString(name))
        .anyMatch(m -> isIntrinsic(new KernelMethod(Kernel.class, m)));
  }

  private static boolean isIntrinsic(KernelMethod method) {
    return method.model().findAttribute(Attributes.runtimeVisibleAnnotations()).stream()
        .flatMap(a -> a.annotations().stream())
        .map((Annotation a) -> a.className().stringValue())
        .anyMatch(INTRINSIC::contains);
  }
}
