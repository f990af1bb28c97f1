package dev.gmem.aparapi;

import com.aparapi.Kernel;
import dev.gmem.KernelCompilationException;
import java.lang.classfile.Annotation;
import java.lang.classfile.Attributes;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.Field;
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

    /** A method of {@link Math} that OpenCL C has, too; called as it is. */
    record Library() implements Callee {}

    /** Something that a kernel cannot call. */
    record None() implements Callee {}
  }

  private static final Set<String> INTRINSIC =
      Set.of("Lcom/aparapi/Kernel$OpenCLMapping;", "Lcom/aparapi/Kernel$OpenCLDelegate;");

  private static final String MATH = "java/lang/Math";

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

  /** Whether a class is the kernel's, one of its superclasses, or an interface of theirs. */
  boolean isKernel(String internalName) {
    Class<?> type = files.find(internalName);
    return type != null && type != Object.class && type.isAssignableFrom(kernelClass);
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
        call.opcode() == Opcode.INVOKESPECIAL || isStatic || isPrivate(owner, name, descriptor)
            ? files.find(owner)
            : kernelClass;
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

  private Callee resolveStatic(String owner, String name, String descriptor) {
    if (owner.equals(MATH) && isFunction(name, descriptor)) {
      return new Callee.Library();
    }
    boolean ofTheJdk = owner.startsWith("java/");
    boolean primitive = !descriptor.contains("L") && !descriptor.contains("[");
    Class<?> type = ofTheJdk && !primitive ? null : files.find(owner);
    Optional<KernelMethod> found =
        type == null ? Optional.empty() : virtual(type, name, descriptor);
    return found.<Callee>map(Callee.Code::new).orElse(new Callee.None());
  }

  boolean isMethodOfKernel(String name) {
    return files.model(Kernel.class).methods().stream()
        .anyMatch(m -> m.methodName().equalsString(name));
  }

  /** Whether it is one of {@code Kernel}'s own methods that the translator has a function for. */
  private boolean isFunction(String name, String descriptor) {
    return files
        .declared(Kernel.class, name, descriptor)
        .filter(KernelCode::isIntrinsic)
        .isPresent();
  }

  /** The field that an instruction reads or writes; null if it cannot be found. */
  Field field(FieldInstruction instruction) {
    Class<?> start = files.find(instruction.owner().asInternalName());
    for (Class<?> c = start; c != null; c = c.getSuperclass()) {
      for (Field each : c.getDeclaredFields()) {
        if (instruction.name().equalsString(each.getName())
            && instruction.type().equalsString(each.getType().descriptorString())) {
          return each;
        }
      }
    }
    return null;
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
    return inherited(start, name, descriptor);
  }

  /** The default method of an interface; none if several could be meant. */
  private Optional<KernelMethod> inherited(Class<?> start, String name, String descriptor) {
    Set<Class<?>> interfaces = new LinkedHashSet<>();
    for (Class<?> c = start; c != null; c = c.getSuperclass()) {
      addInterfaces(c, interfaces);
    }
    List<KernelMethod> found =
        interfaces.stream().flatMap(i -> files.declared(i, name, descriptor).stream()).toList();
    return found.stream()
        .filter(m -> found.stream().allMatch(other -> other.owner().isAssignableFrom(m.owner())))
        .findFirst();
  }

  private static void addInterfaces(Class<?> type, Set<Class<?>> interfaces) {
    for (Class<?> each : type.getInterfaces()) {
      interfaces.add(each);
      addInterfaces(each, interfaces);
    }
  }

  private static boolean isIntrinsic(KernelMethod method) {
    return method.model().findAttribute(Attributes.runtimeVisibleAnnotations()).stream()
        .flatMap(a -> a.annotations().stream())
        .map((Annotation a) -> a.className().stringValue())
        .anyMatch(INTRINSIC::contains);
  }
}
