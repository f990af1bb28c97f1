package dev.gmem.bench.jvm;

import dev.gmem.bench.BenchmarkException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.jar.Attributes;
import java.util.jar.JarFile;

/** Finds the jar that {@code -javaagent} needs. */
public final class AgentJar {
  /** Names the jar, where it cannot be found on the class path. */
  public static final String PROPERTY = "gmem.agent.jar";

  private static final String AGENT = "dev.gmem.agent.GmemAgent";

  private AgentJar() {}

  /**
   * Finds the jar: the one that the system property {@value #PROPERTY} names, or the one that the
   * class path has the agent from.
   *
   * @return an existing file that says {@code Premain-Class}
   * @throws BenchmarkException if there is none; the message says what was looked at
   */
  public static Path find() {
    String named = System.getProperty(PROPERTY);
    Path jar = named != null ? Path.of(named) : onClassPath();
    if (!Files.isRegularFile(jar) || !isAgent(jar)) {
      throw new BenchmarkException(
          "benchmarks need the agent's jar, with Premain-Class in its manifest: file="
              + jar
              + "; name another with -D"
              + PROPERTY
              + "=<file>");
    }
    return jar.toAbsolutePath();
  }

  private static Path onClassPath() {
    try {
      ClassLoader loader = AgentJar.class.getClassLoader();
      CodeSource source = Class.forName(AGENT, false, loader).getProtectionDomain().getCodeSource();
      return Path.of(source.getLocation().toURI());
    } catch (ClassNotFoundException | URISyntaxException e) {
      throw new BenchmarkException("the agent is not on the class path: class=" + AGENT, e);
    }
  }

  private static boolean isAgent(Path jar) {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.getManifest() != null
          && file.getManifest()
              .getMainAttributes()
              .containsKey(new Attributes.Name("Premain-Class"));
    } catch (IOException e) {
      throw new BenchmarkException("the agent's jar cannot be read: file=" + jar, e);
    }
  }
}
