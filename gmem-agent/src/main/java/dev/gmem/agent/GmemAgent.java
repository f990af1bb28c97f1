package dev.gmem.agent;

import dev.gmem.GmemUnavailableException;
import dev.gmem.core.host.HostPlatforms;
import java.lang.instrument.Instrumentation;

/**
 * Where the JVM enters the agent. Attach it in one of three ways:
 *
 * <ul>
 *   <li>{@code java -javaagent:gmem-agent.jar[=options] ...};
 *   <li>{@code Launcher-Agent-Class: dev.gmem.agent.GmemAgent} in the manifest of the program's
 *       jar, with the agent's classes in it or on its class path;
 *   <li>at run time, with the JDK's attach API.
 * </ul>
 *
 * <p>{@link AgentOptions} lists the options. A second attachment does nothing, whatever its
 * options.
 *
 * <p>If GMEM cannot work in this JVM the agent says why in one sentence, and changes nothing: with
 * {@code -javaagent} on the standard error stream, and the JVM ends with exit code 1; otherwise by
 * an exception, and {@code Gmem.open()} repeats the sentence.
 */
public final class GmemAgent {
  private static final int EXIT_REFUSED = 1;

  /** The installation, once it has succeeded. Guarded by the class. */
  private static Installation installation;

  private GmemAgent() {}

  /**
   * Attaches the agent before the program starts.
   *
   * @param options see {@link AgentOptions}
   * @param instrumentation the JVM's
   */
  public static void premain(String options, Instrumentation instrumentation) {
    try {
      attach(options, instrumentation);
    } catch (GmemUnavailableException e) {
      // Thrown on, it would come out as two stack traces and a core dump's worth of text.
      System.err.println(e.getMessage());
      Runtime.getRuntime().halt(EXIT_REFUSED);
    }
  }

  /**
   * Attaches the agent to a program that runs, or that the launcher is about to start.
   *
   * @param options see {@link AgentOptions}
   * @param instrumentation the JVM's
   * @throws GmemUnavailableException if GMEM cannot work in this JVM
   */
  public static void agentmain(String options, Instrumentation instrumentation) {
    attach(options, instrumentation);
  }

  private static synchronized void attach(String options, Instrumentation instrumentation) {
    if (installation != null) {
      return;
    }
    try {
      installation = Installation.install(AgentOptions.parse(options), instrumentation);
    } catch (GmemUnavailableException e) {
      HostPlatforms.refused(e.getMessage());
      throw e;
    }
  }

  /**
   * Returns what the agent has counted since it was attached.
   *
   * @return a snapshot
   * @throws IllegalStateException if it is not attached
   */
  public static synchronized AgentCounters counters() {
    if (installation == null) {
      throw new IllegalStateException("the agent is not attached");
    }
    return installation.counters();
  }
}
