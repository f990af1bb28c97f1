package dev.gmem.bench.jvm;

import dev.gmem.bench.BenchmarkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/** An agent that does nothing: what any agent costs. */
public final class EmptyAgent {
  private EmptyAgent() {}

  /**
   * Returns at once.
   *
   * @param options none
   */
  public static void premain(String options) {}

  /**
   * Makes a jar for {@code -javaagent}; the class itself comes from the class path.
   *
   * @return the file, to be deleted by the caller
   */
  static Path jar() {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().putValue("Premain-Class", EmptyAgent.class.getName());
    try {
      Path file = Files.createTempFile("empty-agent", ".jar");
      new JarOutputStream(Files.newOutputStream(file), manifest).close();
      return file;
    } catch (IOException e) {
      throw new BenchmarkException("the jar of an empty agent could not be written", e);
    }
  }
}
