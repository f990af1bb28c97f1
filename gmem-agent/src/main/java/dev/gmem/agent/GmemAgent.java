package dev.gmem.agent;

import dev.gmem.GmemUnavailableException;
import dev.gmem.core.host.HostPlatforms;
import java.lang.instrument.Instrumentation;

/**
 * Where the JVM enters the agent. Attach it in one of three ways:
 *
 * <ul>
 *   <li>{@code java -javaagent:gmem-agent.jar[=options] ...};
 *   <li>{@code Launcher-Agent-Class: dev.gmem.agent.GmemAgent} and {@code Can-Retransform-Classes:
 *       true} in the manifest of the program's jar, with the agent's classes in it or on its class
 *       path;
 *   <li>at run time, with the JDK's attach API.
 * </ul>
 *
 * <p>{@link AgentOptions} lists the options. A second attachment does nothing, whatever its
 * options.
 *
 * <p>The JDK's classes are rewritten when the first address space is opened, so that a program that
 * opens none starts as fast as without the agent; or at once, if the option {@code early} says so,
 * or this is no release of the JDK that the agent was made for.
 *
 * <p>If GMEM cannot work in this JVM the agent says why in one sentence, and changes nothing.
 * Before the program has started it says so on the standard error stream, and the JVM ends with
 * exit code 1; later by an exception, and {@code Gmem.open()} repeats the sentence.
 */
public final class GmemAgent {
  private static final int EXIT_REFUSED = 1;

  /** The release whose classes are expected to have the right shape. */
  private static final int KNOWN_RELEASE = 25;

  /** What has been, or can be, installed; null before an attachment. Guarded by the class. */
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
      exit(e);
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
    try {
      attach(options, instrumentation);
    } catch (GmemUnavailableException e) {
      if (calledByLauncher(e)) {
        exit(e);
      }
      throw e;
    }
  }

  private static boolean calledByLauncher(GmemUnavailableException e) {
    StackTraceElement[] trace = e.getStackTrace();
    return trace[trace.length - 1].getClassName().startsWith("sun.launcher.");
  }

  /** Thrown on to the JVM, the sentence would drown in stack traces and failed assertions. */
  private static void exit(GmemUnavailableException e) {
    System.err.println(e.getMessage());
    Runtime.getRuntime().halt(EXIT_REFUSED);
  }

  private static synchronized void attach(String options, Instrumentation instrumentation) {
    if (installation != null) {
      return;
    }
    try {
      AgentOptions parsed = AgentOptions.parse(options);
      Installation made = Installation.of(parsed, instrumentation);
      if (parsed.early() || Runtime.version().feature() != KNOWN_RELEASE) {
        made.get();
      }
      HostPlatforms.offer(made);
      installation = made;
    } catch (GmemUnavailableException e) {
      HostPlatforms.refused(e.getMessage());
      throw e;
    }
  }

  /**
   * Returns what the agent has counted since it rewrote the JDK's classes.
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
