package dev.gmem.aparapi;

import com.aparapi.Kernel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Stream;
import javax.tools.Diagnostic;
import javax.tools.DiagnosticCollector;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/** Compiles kernels from source, to a folder or a jar. */
final class Sources {
  private Sources() {}

  /** A source file in memory. */
  private static final class Source extends SimpleJavaFileObject {
    private final String text;

    Source(String className, String text) {
      super(URI.create("memory:///" + className.replace('.', '/') + ".java"), Kind.SOURCE);
      this.text = text;
    }

    @Override
    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
      return text;
    }
  }

  /** Compiles one class into a folder. */
  static void compile(Path folder, String className, String text, String... options) {
    compile(folder, Map.of(className, text), options);
  }

  /** Compiles source files, by the name of their class, into a folder. */
  static void compile(Path folder, Map<String, String> texts, String... options) {
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    DiagnosticCollector<JavaFileObject> messages = new DiagnosticCollector<>();
    List<String> all =
        new ArrayList<>(
            List.of("-cp", System.getProperty("java.class.path"), "-d", folder.toString()));
    all.addAll(List.of(options));
    List<Source> sources =
        texts.entrySet().stream().map(e -> new Source(e.getKey(), e.getValue())).toList();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(messages, null, null)) {
      if (!compiler.getTask(null, files, messages, all, null, sources).call()) {
        List<Diagnostic<? extends JavaFileObject>> found = messages.getDiagnostics();
        throw new AssertionError(found + "\n" + String.join("\n", texts.values()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Packs a folder, as a jar that may hold classes for several releases. */
  static Path jar(Path folder, Path jar) throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.MULTI_RELEASE, "true");
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar), manifest);
        Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new JarEntry(folder.relativize(file).toString()));
        Files.copy(file, out);
        out.closeEntry();
      }
    }
    return jar;
  }

  /** Makes an instance of a class that is in a folder or a jar. */
  static Kernel load(Path place, String className) {
    // Open while the class is in use: the translator reads its class file.
    return load(loader(place), className);
  }

  /** Makes a loader of the classes in a folder or a jar. */
  static URLClassLoader loader(Path place) {
    try {
      return new URLClassLoader(new java.net.URL[] {place.toUri().toURL()});
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** Makes an instance of a class. */
  static Kernel load(ClassLoader loader, String className) {
    try {
      return (Kernel) loader.loadClass(className).getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new AssertionError(e);
    }
  }
}
