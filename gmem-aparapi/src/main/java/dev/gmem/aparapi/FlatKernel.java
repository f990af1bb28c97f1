package dev.gmem.aparapi;

import com.aparapi.Kernel;
import com.aparapi.internal.writer.KernelWriter;
import dev.gmem.aparapi.KernelParameter.Space;
import java.lang.classfile.Annotation;
import java.lang.classfile.AnnotationElement;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.RuntimeVisibleAnnotationsAttribute;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.constant.ClassDesc;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A kernel's code in one class of its own: every method that {@code run} reaches and every field
 * that they read, each under a name that nothing else has, and that OpenCL C allows.
 *
 * <p>The translator is given this class instead of the kernel's. It looks for methods and fields by
 * name, from the kernel's class upwards and then anywhere; takes methods of a known name for
 * functions of OpenCL C; loads other classes with its own class loader; and remembers class files
 * by the name of their class. In a class that has everything, and every name once, nothing of this
 * matters.
 *
 * <p>Threads: one.
 */
final class FlatKernel {
  /** Words that mean something in OpenCL C and nothing in Java. */
  private static final Set<String> RESERVED =
      Set.of(
          "asm auto bool complex constant event_t extern global half image2d_t"
              .concat(" imaginary inline kernel local passid pipe ptrdiff_t quad read_only")
              .concat(" read_write register restrict run sampler_t signed size_t sizeof struct")
              .concat(" typedef typeof uchar uint ulong uniform union unsigned ushort write_only")
              .split(" "));

  private static final Set<String> METHODS_OF_KERNEL =
      Arrays.stream(Kernel.class.getDeclaredMethods())
          .map(java.lang.reflect.Method::getName)
          .collect(Collectors.toUnmodifiableSet());

  /** Macros, vectors, and functions that are written without a method of the kernel. */
  private static final Pattern TAKEN =
      Pattern.compile(
          "[A-Z][A-Z0-9_]*|__.*|[a-z]+(2|3|4|8|16)|gmem_.*|(as|atomic|atom|convert|get)_.*"
              + "|barrier|clz|fabs|fmax|fmin|fma|fmod|mad|popcount|rsqrt|vec_step");

  /** Where the memory of an array is, by what the translator reads of its field. */
  private static final Map<Space, ClassDesc> ANNOTATIONS =
      Map.of(
          Space.LOCAL, ClassDesc.of(Kernel.Local.class.getName()),
          Space.CONSTANT, ClassDesc.of(Kernel.Constant.class.getName()),
          Space.PRIVATE, ClassDesc.of(Kernel.PrivateMemorySpace.class.getName()));

  private final KernelCode code;
  private final ClassDesc self;
  private final ArraySpaces spaces;
  private final Map<KernelMethod, String> methodNames = new LinkedHashMap<>();
  private final Map<String, KernelMethod> methods = new HashMap<>();
  private final Map<Field, String> fieldNames = new LinkedHashMap<>();
  private final Map<String, Field> fields = new HashMap<>();
  private final KernelCode flat;

  private FlatKernel(KernelCode code, ArraySpaces spaces) {
    this.code = code;
    this.spaces = spaces;
    String name = code.kernelClass().getName();
    self = ClassDesc.of(identifier(name.substring(name.lastIndexOf('.') + 1)));
    Set<String> taken = new HashSet<>(METHODS_OF_KERNEL);
    KernelWriter.javaToCLIdentifierMap.keySet().forEach(m -> taken.add(m.replaceAll("\\(.*", "")));
    for (KernelMethod method : code.methods()) {
      if (method.owner() != Kernel.class) {
        String chosen = method.equals(code.run()) ? "run" : free(identifier(method.name()), taken);
        methodNames.put(method, chosen);
        methods.put(chosen, method);
      }
    }
    nameFields();
    // Not the kernel's loader: Aparapi keeps what it has read for good, and would keep that.
    ClassLoader parent = Kernel.class.getClassLoader();
    flat =
        KernelCode.of(
            KernelLoader.load("gmem-flat-kernel", parent, self.displayName(), generate()));
  }

  /** Puts the code of a kernel, which keeps to {@link KernelRules}, into one class. */
  static FlatKernel of(KernelCode code) {
    return new FlatKernel(code, ArraySpaces.NONE);
  }

  /** The same code, with what is known of the memory that methods are given arrays of. */
  FlatKernel with(ArraySpaces known) {
    return new FlatKernel(code, known);
  }

  private void nameFields() {
    Set<String> taken = new HashSet<>();
    for (KernelMethod method : methodNames.keySet()) {
      for (var element : method.code()) {
        if (element instanceof FieldInstruction read) {
          Field field = code.field(read);
          if (!fieldNames.containsKey(field)) {
            String chosen = free(variable(baseName(field)), taken);
            fieldNames.put(field, chosen);
            fields.put(chosen, field);
          }
        }
      }
    }
  }

  /** What the source calls a field: variables that a class has captured, and marks, stripped. */
  static String baseName(Field field) {
    String name =
        field.isSynthetic() ? field.getName().replaceFirst("^val\\$", "") : field.getName();
    return name.replaceFirst("_\\$(local|constant|private)\\$\\d*$", "");
  }

  /** Whether a variable of that name would hide something that the text needs. */
  private static boolean means(String name) {
    return RESERVED.contains(name)
        || METHODS_OF_KERNEL.contains(name)
        || TAKEN.matcher(name).matches();
  }

  private static String variable(String name) {
    String plain = identifier(name);
    return means(plain) || plain.equals("this") ? plain + "_v" : plain;
  }

  private static String free(String wanted, Set<String> taken) {
    String chosen = wanted;
    for (int i = 2; RESERVED.contains(chosen) || !taken.add(chosen); i++) {
      chosen = wanted + "_" + i;
    }
    return chosen;
  }

  /** A name that OpenCL C allows. */
  private static String identifier(String name) {
    StringBuilder text = new StringBuilder();
    for (char c : name.toCharArray()) {
      boolean plain = c == '_' || c < 128 && Character.isLetterOrDigit(c);
      text.append(plain ? c : c == '$' ? "_" : String.format(Locale.ROOT, "u%04x", (int) c));
    }
    return text.toString();
  }

  /** The class as code, every name unique. */
  KernelCode code() {
    return flat;
  }

  /** The method that one of the class was made from. */
  KernelMethod original(KernelMethod method) {
    return methods.getOrDefault(method.name(), method);
  }

  /** The field that one of the class stands for. */
  Field original(String flatName) {
    return fields.get(flatName);
  }

  private byte[] generate() {
    return ClassFile.of()
        .build(
            self,
            builder -> {
              builder.withSuperclass(ClassDesc.of(Kernel.class.getName()));
              builder.withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_ABSTRACT);
              fieldNames.forEach((field, name) -> addField(builder, field, name));
              methodNames.forEach((method, name) -> addMethod(builder, method, name));
            });
  }

  private void addField(ClassBuilder builder, Field field, String name) {
    Space space = spaces.of(field);
    builder.withField(
        name,
        field.getType().describeConstable().orElseThrow(),
        f -> {
          f.withFlags(ClassFile.ACC_PUBLIC);
          if (ANNOTATIONS.containsKey(space)) {
            Annotation mark =
                space == Space.PRIVATE
                    ? Annotation.of(
                        ANNOTATIONS.get(space),
                        AnnotationElement.ofInt("value", ArraySpaces.privateLength(field)))
                    : Annotation.of(ANNOTATIONS.get(space));
            f.with(RuntimeVisibleAnnotationsAttribute.of(mark));
          }
        });
  }

  private void addMethod(ClassBuilder builder, KernelMethod method, String name) {
    int flags = ClassFile.ACC_PUBLIC | (method.isStatic() ? ClassFile.ACC_STATIC : 0);
    builder.withMethodBody(
        name,
        method.model().methodTypeSymbol(),
        flags,
        body -> new FlatCode(this, method, body).write());
  }

  /** Which memory arrays are in. */
  ArraySpaces spaces() {
    return spaces;
  }

  KernelCode originalCode() {
    return code;
  }

  ClassDesc self() {
    return self;
  }

  String nameOf(KernelMethod method) {
    return methodNames.get(method);
  }

  String nameOf(Field field) {
    return fieldNames.get(field);
  }

  /** A new name for a variable; arrays that are not in global memory have a mark that tells. */
  String nameOf(KernelMethod method, int slot, String name, Set<String> taken) {
    String allowed = free(variable(name), taken);
    return switch (spaces.of(nameOf(method), slot)) {
      case LOCAL -> allowed + Kernel.LOCAL_SUFFIX;
      case PRIVATE -> allowed + Kernel.PRIVATE_SUFFIX;
      default -> allowed;
    };
  }
}
