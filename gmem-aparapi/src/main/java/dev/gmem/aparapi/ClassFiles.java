package dev.gmem.aparapi;

import dev.gmem.KernelCompilationException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** The class files of a kernel and of what it calls, parsed once per translation. Threads: one. */
final class ClassFiles {
  private final ClassLoader loader;
  private final Map<Class<?>, ClassModel> models = new HashMap<>();

  ClassFiles(ClassLoader loader) {
    this.loader = loader;
  }

  ClassModel model(Class<?> type) {
    return models.computeIfAbsent(type, ClassFiles::parse);
  }

  /** Finds a method that a class declares itself, with code. */
  Optional<KernelMethod> declared(Class<?> type, String name, String descriptor) {
    for (MethodModel method : model(type).methods()) {
      if (method.methodName().equalsString(name)
          && method.methodType().equalsString(descriptor)
          && method.code().isPresent()) {
        return Optional.of(new KernelMethod(type, method));
      }
    }
    return Optional.empty();
  }

  /** Loads a class as the kernel would, without initialising it; null if there is none. */
  Class<?> find(String internalName) {
    try {
      return Class.forName(internalName.replace('/', '.'), false, loader);
    } catch (ClassNotFoundException | LinkageError e) {
      return null;
    }
  }

  private static ClassModel parse(Class<?> type) {
    String resource = type.getName().replace('.', '/') + ".class";
    ClassLoader loader = type.getClassLoader();
    try (InputStream in =
        loader == null
            ? ClassLoader.getSystemResourceAsStream(resource)
            : loader.getResourceAsStream(resource)) {
      if (in == null) {
        throw new KernelCompilationException(
            "a kernel is translated from its class file, and its class loader has none: class="
                + type.getName()
                + " resource="
                + resource
                + "; classes made at run time (lambdas, hidden classes) have none");
      }
      return ClassFile.of().parse(in.readAllBytes());
    } catch (IOException | IllegalArgumentException e) {
      throw new KernelCompilationException(
          "the class file of a kernel cannot be read: class=" + type.getName(), e);
    }
  }
}
