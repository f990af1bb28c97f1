package dev.gmem.aparapi;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import com.aparapi.Kernel;
import dev.gmem.KernelCompilationException;
import java.io.Serializable;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandleInfo;
import java.lang.invoke.SerializedLambda;
import java.lang.reflect.InaccessibleObjectException;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A kernel around a lambda: a class with an array field for each input and one for the output, a
 * field for each captured value, and a {@code run} that calls the method which the lambda stands
 * for. {@link FlatKernel} puts that method into the kernel, so that it does not matter that it is
 * private to another class, and this one's {@code run} is never executed.
 *
 * <p>A lambda's own class has no class file, and does not say what it calls. One that is
 * serializable does, to whoever would write it to a stream.
 *
 * <p>Threads: any. One class is made for each place in the source that makes lambdas.
 */
final class LambdaKernel {
  static final String OUT = "out";

  /** By the class whose source the lambda is in. */
  private static final ClassValue<Map<Key, Class<? extends Kernel>>> ALL =
      new ClassValue<>() {
        @Override
        protected Map<Key, Class<? extends Kernel>> computeValue(Class<?> type) {
          return new ConcurrentHashMap<>();
        }
      };

  /** What a class depends on. */
  private record Key(
      String owner, String method, String signature, int kind, TypeKind element, int inputs) {}

  private final SerializedLambda lambda;
  private final Class<?> capturing;
  private final ClassDesc owner;
  private final MethodTypeDesc type;
  private final TypeKind element;
  private final int inputs;
  private final Class<?> ownerClass;

  private LambdaKernel(SerializedLambda lambda, ClassLoader loader, TypeKind element, int inputs) {
    this.lambda = lambda;
    this.element = element;
    this.inputs = inputs;
    capturing = find(lambda.getCapturingClass(), loader);
    ownerClass = find(lambda.getImplClass(), loader);
    owner = ClassDesc.ofInternalName(lambda.getImplClass());
    type = MethodTypeDesc.ofDescriptor(lambda.getImplMethodSignature());
  }

  /**
   * Makes a kernel of a lambda.
   *
   * @param function a lambda or a reference to a static method
   * @param element what it takes and returns
   * @param inputs how many it takes
   * @return the kernel, with what is captured in its fields
   */
  static Kernel of(Serializable function, TypeKind element, int inputs) {
    LambdaKernel made =
        new LambdaKernel(
            serialized(function), function.getClass().getClassLoader(), element, inputs);
    made.check();
    return made.newKernel();
  }

  /** The name of the array field for an input. */
  static String input(int index) {
    return index == 0 ? "in" : "in" + (index + 1);
  }

  private static String captured(int index) {
    return "captured" + (index + 1);
  }

  private static SerializedLambda serialized(Serializable function) {
    Class<?> type = function.getClass();
    try {
      Method tells = type.getDeclaredMethod("writeReplace");
      tells.setAccessible(true);
      if (type.isSynthetic() && tells.invoke(function) instanceof SerializedLambda lambda) {
        return lambda;
      }
    } catch (NoSuchMethodException e) {
      // Not a lambda.
    } catch (InaccessibleObjectException e) {
      throw new KernelCompilationException(
          "a lambda does not say which method it stands for; let its module open its package ("
              + type.getPackageName()
              + ") to that of dev.gmem.aparapi: class="
              + type.getName(),
          e);
    } catch (ReflectiveOperationException e) {
      throw new KernelCompilationException(
          "a lambda does not say which method it stands for: class=" + type.getName(), e);
    }
    throw new IllegalArgumentException(
        "the function of a map is a lambda expression or a reference to a static method; write one"
            + " that calls the object's code as a static method: class="
            + type.getName());
  }

  private static Class<?> find(String internalName, ClassLoader loader) {
    try {
      return Class.forName(internalName.replace('/', '.'), false, loader);
    } catch (ClassNotFoundException | LinkageError e) {
      throw new KernelCompilationException(
          "the class of a lambda's code cannot be found by name; classes made at run time (hidden"
              + " classes) have no class file: class="
              + internalName.replace('/', '.'),
          e);
    }
  }

  private void check() {
    if (lambda.getImplMethodKind() == MethodHandleInfo.REF_newInvokeSpecial) {
      throw refused("a reference to a constructor", "compute with primitive values");
    }
    if (lambda.getImplMethodKind() != MethodHandleInfo.REF_invokeStatic) {
      throw refused(
          "a captured object (this, or that of a method reference: a " + ownerClass.getName() + ")",
          "copy what is used into local variables, and call static methods");
    }
    for (int i = 0; i < lambda.getCapturedArgCount(); i++) {
      ClassDesc captured = type.parameterType(i);
      boolean array = captured.isArray() && captured.componentType().isPrimitive();
      boolean isNull = lambda.getCapturedArg(i) == null;
      if (!captured.isPrimitive() && !array || isNull) {
        throw refused(
            "a captured " + (isNull ? "null" : "object") + " (a " + captured.displayName() + ")",
            "copy what is used into local variables of primitive types, or an array of them");
      }
    }
    boolean objects =
        type.parameterList().stream()
            .skip(lambda.getCapturedArgCount())
            .anyMatch(t -> !t.isPrimitive());
    if (objects || !type.returnType().isPrimitive()) {
      throw refused(
          "a method that takes or returns objects", "use int instead of Integer, and so on");
    }
  }

  private KernelTranslationException refused(String construct, String hint) {
    int line =
        new ClassFiles(ownerClass.getClassLoader())
            .declared(ownerClass, lambda.getImplMethodName(), lambda.getImplMethodSignature())
            .map(KernelMethod::firstLine)
            .orElse(0);
    return new KernelTranslationException(
        construct, hint, ownerClass.getName(), lambda.getImplMethodName(), line, null);
  }

  private Kernel newKernel() {
    Class<? extends Kernel> kernelClass =
        ALL.get(capturing)
            .computeIfAbsent(
                new Key(
                    lambda.getImplClass(),
                    lambda.getImplMethodName(),
                    lambda.getImplMethodSignature(),
                    lambda.getImplMethodKind(),
                    element,
                    inputs),
                k ->
                    KernelLoader.load(
                        "gmem-lambda-kernel", capturing.getClassLoader(), name(), generate()));
    try {
      Kernel kernel = kernelClass.getConstructor().newInstance();
      for (int i = 0; i < lambda.getCapturedArgCount(); i++) {
        kernelClass.getField(captured(i)).set(kernel, lambda.getCapturedArg(i));
      }
      return kernel;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a kernel of our own making cannot be made: " + name(), e);
    }
  }

  /** What messages call the kernel: the class whose source it is in, and the method. */
  private String name() {
    return capturing.getName() + "$$" + lambda.getImplMethodName().replaceAll("[.;\\[/<>]", "_");
  }

  private byte[] generate() {
    ClassDesc self = ClassDesc.of(name());
    ClassDesc base = ClassDesc.of(Kernel.class.getName());
    return ClassFile.of()
        .build(
            self,
            builder -> {
              builder.withSuperclass(base).withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL);
              fields(builder);
              builder.withMethodBody(
                  INIT_NAME,
                  MTD_void,
                  ClassFile.ACC_PUBLIC,
                  b -> b.aload(0).invokespecial(base, INIT_NAME, MTD_void).return_());
              builder.withMethodBody("run", MTD_void, ClassFile.ACC_PUBLIC, b -> run(b, self));
            });
  }

  private void fields(ClassBuilder builder) {
    for (int i = 0; i < inputs; i++) {
      builder.withField(input(i), element.upperBound().arrayType(), ClassFile.ACC_PUBLIC);
    }
    builder.withField(OUT, element.upperBound().arrayType(), ClassFile.ACC_PUBLIC);
    for (int i = 0; i < lambda.getCapturedArgCount(); i++) {
      builder.withField(captured(i), type.parameterType(i), ClassFile.ACC_PUBLIC);
    }
  }

  private void run(CodeBuilder body, ClassDesc self) {
    ClassDesc array = element.upperBound().arrayType();
    int id = 1;
    body.aload(0)
        .invokevirtual(self, "getGlobalId", MethodTypeDesc.of(CD_int))
        .istore(id)
        .aload(0)
        .getfield(self, OUT, array)
        .iload(id);
    int captured = lambda.getCapturedArgCount();
    for (int i = 0; i < captured; i++) {
      body.aload(0).getfield(self, captured(i), type.parameterType(i));
    }
    for (int i = 0; i < inputs; i++) {
      body.aload(0).getfield(self, input(i), array).iload(id).arrayLoad(element);
      convert(body, element, TypeKind.from(type.parameterType(captured + i)));
    }
    body.invokestatic(owner, lambda.getImplMethodName(), type, ownerClass.isInterface());
    convert(body, TypeKind.from(type.returnType()), element);
    body.arrayStore(element).return_();
  }

  private static void convert(CodeBuilder body, TypeKind from, TypeKind to) {
    if (from.asLoadable() != to.asLoadable()) {
      body.conversion(from.asLoadable(), to.asLoadable());
    }
  }
}
