package dev.gmem.aparapi;

import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.List;

/** How types of a kernel's class look in its copy: every array is an {@link ArrayView}. */
final class KernelTypes {
  static final ClassDesc VIEW = ClassDesc.of(ArrayView.class.getName());
  static final ClassDesc ITEM = ClassDesc.of(DeviceItem.class.getName());

  private static final String ATOMIC = "Ljava/util/concurrent/atomic/AtomicInteger;";

  private KernelTypes() {}

  /** Whether it is an array whose elements a kernel can have. */
  static boolean isArray(String descriptor) {
    if (!descriptor.startsWith("[")) {
      return false;
    }
    String element = element(descriptor);
    return element.length() == 1 || isAtomic(element);
  }

  static boolean isAtomic(String descriptor) {
    return descriptor.equals(ATOMIC);
  }

  static String element(String descriptor) {
    return descriptor.substring(dimensions(descriptor));
  }

  static int dimensions(String descriptor) {
    int count = 0;
    while (descriptor.charAt(count) == '[') {
      count++;
    }
    return count;
  }

  /** Size of an element, by its descriptor. */
  static int bytes(String element) {
    return switch (element) {
      case "Z", "B" -> Byte.BYTES;
      case "S", "C" -> Short.BYTES;
      case "J", "D" -> Long.BYTES;
      default -> Integer.BYTES;
    };
  }

  static ClassDesc map(ClassDesc type) {
    String descriptor = type.descriptorString();
    return descriptor.startsWith("[") || isAtomic(descriptor) ? VIEW : type;
  }

  static MethodTypeDesc map(MethodTypeDesc type) {
    List<ClassDesc> parameters = type.parameterList().stream().map(KernelTypes::map).toList();
    return MethodTypeDesc.of(map(type.returnType()), parameters);
  }

  static int slots(MethodTypeDesc type) {
    return type.parameterList().stream().mapToInt(p -> TypeKind.from(p).slotSize()).sum();
  }
}
