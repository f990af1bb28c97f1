package dev.gmem.aparapi;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The code of a kernel once more, over a device's memory: one class, a subclass of {@link
 * DeviceItem}, with all methods that the kernel reaches and a field for each of its fields. Arrays
 * are {@link ArrayView}s everywhere. Instance methods stay instance methods, and are called without
 * dispatch, because the kernel's class is known; static methods get the work item as one more
 * argument, the last.
 *
 * <p>Threads: any; the class is made at the first use.
 */
final class KernelCopy {
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final ClassDesc SOURCE = ClassDesc.of(FieldSource.class.getName());
  private static final Set<String> BARRIERS =
      Set.of("localBarrier", "globalBarrier", "localGlobalBarrier");

  private final FlatKernel flat;
  private final KernelCode code;
  private final ClassDesc self;
  private final List<KernelParameter> fields = new ArrayList<>();
  private final Map<String, String> fieldNames = new HashMap<>();
  private final Map<KernelMethod, String> methodNames = new LinkedHashMap<>();
  private final boolean barriers;
  private MethodHandle constructor;

  KernelCopy(
      FlatKernel flat, List<KernelParameter> parameters, List<KernelParameter.Array> privates) {
    this.flat = flat;
    code = flat.code();
    String name = flat.originalCode().kernelClass().getName();
    self =
        ClassDesc.of(
            DeviceItem.class.getPackageName(),
            name.substring(name.lastIndexOf('.') + 1) + "$$Device" + COUNT.incrementAndGet());
    for (KernelParameter parameter : parameters) {
      if (parameter instanceof KernelParameter.Array
          || parameter instanceof KernelParameter.Scalar) {
        fields.add(parameter);
      }
    }
    fields.addAll(privates);
    for (KernelMethod method : code.methods()) {
      methodNames.put(method, "m" + methodNames.size() + "$" + method.name());
    }
    barriers = BARRIERS.stream().anyMatch(code::isReached);
  }

  /** The fields that {@link DeviceItem#load} reads, by the position it reads them at. */
  List<KernelParameter> fields() {
    return fields;
  }

  /** Whether a work item may wait for others of its group. */
  boolean hasBarriers() {
    return barriers;
  }

  /** Makes a work item whose fields are not loaded yet. */
  DeviceItem newItem() {
    try {
      return (DeviceItem) constructor().invokeExact();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }

  private synchronized MethodHandle constructor() throws ReflectiveOperationException {
    if (constructor == null) {
      // Not a hidden class: what goes wrong in a kernel should show the lines of its source.
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      constructor =
          lookup
              .findConstructor(lookup.defineClass(generate()), MethodType.methodType(void.class))
              .asType(MethodType.methodType(DeviceItem.class));
    }
    return constructor;
  }

  /** The class file. */
  byte[] generate() {
    return ClassFile.of()
        .build(
            self,
            builder -> {
              builder.withSuperclass(KernelTypes.ITEM).withFlags(ClassFile.ACC_FINAL);
              builder.with(SourceFileAttribute.of(flat.originalCode().run().sourceFile()));
              builder.withMethodBody(
                  INIT_NAME,
                  MTD_void,
                  0,
                  b -> b.aload(0).invokespecial(KernelTypes.ITEM, INIT_NAME, MTD_void).return_());
              addFields(builder);
              builder.withMethodBody(
                  "execute",
                  MTD_void,
                  0,
                  b ->
                      b.aload(0)
                          .invokevirtual(self, methodNames.get(code.run()), MTD_void)
                          .return_());
              methodNames.keySet().forEach(method -> addMethod(builder, method));
            });
  }

  private void addFields(ClassBuilder builder) {
    for (int i = 0; i < fields.size(); i++) {
      String name = nameOf(fields.get(i));
      fieldNames.put(name, "f" + i + "$" + name);
      builder.withField(fieldNames.get(name), typeOf(fields.get(i)), 0);
    }
    builder.withMethodBody("load", MethodTypeDesc.of(CD_void, SOURCE), 0, this::addLoad);
  }

  private void addLoad(CodeBuilder body) {
    for (int i = 0; i < fields.size(); i++) {
      ClassDesc type = typeOf(fields.get(i));
      String getter =
          switch (type.descriptorString()) {
            case "J" -> "getLong";
            case "F" -> "getFloat";
            case "D" -> "getDouble";
            default -> type.isPrimitive() ? "getInt" : "array";
          };
      TypeKind kind = TypeKind.from(type).asLoadable();
      ClassDesc result = kind == TypeKind.REFERENCE ? KernelTypes.VIEW : kind.upperBound();
      body.aload(0)
          .aload(1)
          .loadConstant(i)
          .invokeinterface(SOURCE, getter, MethodTypeDesc.of(result, CD_int))
          .putfield(self, fieldNames.get(nameOf(fields.get(i))), type);
    }
    body.return_();
  }

  private static String nameOf(KernelParameter field) {
    return switch (field) {
      case KernelParameter.Array array -> array.flatName();
      case KernelParameter.Scalar scalar -> scalar.flatName();
      default -> throw new AssertionError(field);
    };
  }

  private static ClassDesc typeOf(KernelParameter field) {
    return switch (field) {
      case KernelParameter.Array array -> KernelTypes.VIEW;
      case KernelParameter.Scalar scalar ->
          scalar.field().getType().describeConstable().orElseThrow();
      default -> throw new AssertionError(field);
    };
  }

  private void addMethod(ClassBuilder builder, KernelMethod method) {
    MethodTypeDesc type = typeOf(method);
    int flags = method.isStatic() ? ClassFile.ACC_STATIC : ClassFile.ACC_FINAL;
    builder.withMethodBody(
        methodNames.get(method),
        type,
        flags,
        body -> new KernelCopyCode(this, method, body).write());
  }

  /** The type of a method in the copy. */
  MethodTypeDesc typeOf(KernelMethod method) {
    MethodTypeDesc mapped = KernelTypes.map(method.model().methodTypeSymbol());
    return method.isStatic()
        ? mapped.insertParameterTypes(mapped.parameterCount(), KernelTypes.ITEM)
        : mapped;
  }

  String nameOf(KernelMethod method) {
    return methodNames.get(method);
  }

  /** The name of a field of the kernel's in the copy. */
  String nameOf(String field) {
    String name = fieldNames.get(field);
    if (name == null) {
      throw new IllegalStateException(
          "the translator did not find a field that the kernel uses: class="
              + flat.originalCode().kernelClass().getName()
              + " field="
              + field);
    }
    return name;
  }

  KernelCode code() {
    return code;
  }

  ClassDesc self() {
    return self;
  }

  /** Whether a method's lines are those of the kernel's source file. */
  boolean isOfTheSource(KernelMethod method) {
    return flat.original(method).sourceFile().equals(flat.originalCode().run().sourceFile());
  }
}
