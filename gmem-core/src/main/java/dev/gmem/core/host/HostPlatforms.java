package dev.gmem.core.host;

import dev.gmem.GmemUnavailableException;
import java.util.function.Supplier;

/** Where the agent offers a platform, and the core asks for it. Any thread may call any method. */
public final class HostPlatforms {
  /** Makes the platform; null if no agent is attached. Guarded by the class, like the rest. */
  private static Supplier<HostPlatform> offer;

  /** The platform, once it has been asked for. */
  private static HostPlatform installed;

  /** Why there is none although an agent is attached. */
  private static String refusal;

  private HostPlatforms() {}

  /**
   * Offers a platform, to be made when the first address space is opened. Once.
   *
   * @param maker makes the platform, or throws a {@code GmemUnavailableException}; it is called
   *     once
   * @throws IllegalStateException if there is an offer already
   */
  public static synchronized void offer(Supplier<HostPlatform> maker) {
    if (offer != null) {
      throw new IllegalStateException("a host platform is offered already");
    }
    offer = maker;
    refusal = null;
  }

  /**
   * Remembers why an agent could not offer a platform, for those who ask for it later.
   *
   * @param reason one sentence
   */
  public static synchronized void refused(String reason) {
    if (offer == null) {
      refusal = reason;
    }
  }

  /**
   * Returns the platform. The first call has it made, which takes some tenths of a second.
   *
   * @return never null
   * @throws GmemUnavailableException if there is none; says how to attach the agent, or why it
   *     refused
   */
  public static synchronized HostPlatform installed() {
    if (installed == null && refusal == null && offer != null) {
      try {
        installed = offer.get();
      } catch (GmemUnavailableException e) {
        refusal = e.getMessage();
        throw e;
      }
    }
    if (installed != null) {
      return installed;
    }
    throw new GmemUnavailableException(
        refusal != null
            ? refusal
            : "The GMEM agent is not attached to this JVM: start java with"
                + " -javaagent:gmem-agent.jar, or name dev.gmem.agent.GmemAgent as"
                + " Launcher-Agent-Class in the manifest of the program's jar");
  }
}
