package dev.gmem.core.host;

import dev.gmem.GmemUnavailableException;
import java.util.concurrent.atomic.AtomicReference;

/** Holds the platform that the agent installed. */
public final class HostPlatforms {
  private static final AtomicReference<HostPlatform> INSTALLED = new AtomicReference<>();

  /** Why an agent that was attached has not installed a platform. */
  private static volatile String refusal;

  private HostPlatforms() {}

  /**
   * Installs the platform of this JVM. Once.
   *
   * @param platform the platform
   * @throws IllegalStateException if there is one already
   */
  public static void install(HostPlatform platform) {
    if (!INSTALLED.compareAndSet(null, platform)) {
      throw new IllegalStateException("a host platform is installed already");
    }
  }

  /**
   * Remembers why an agent could not install a platform, for those who ask for it later.
   *
   * @param reason one sentence
   */
  public static void refused(String reason) {
    refusal = reason;
  }

  /**
   * Returns the platform.
   *
   * @return never null
   * @throws GmemUnavailableException if there is none; says how to attach the agent, or why it
   *     refused
   */
  public static HostPlatform installed() {
    HostPlatform platform = INSTALLED.get();
    String reason = refusal;
    if (platform == null && reason != null) {
      throw new GmemUnavailableException(reason);
    }
    if (platform == null) {
      throw new GmemUnavailableException(
          "The GMEM agent is not attached to this JVM: start java with -javaagent:gmem-agent.jar,"
              + " or name dev.gmem.agent.GmemAgent as Launcher-Agent-Class in the manifest of the"
              + " program's jar");
    }
    return platform;
  }
}
