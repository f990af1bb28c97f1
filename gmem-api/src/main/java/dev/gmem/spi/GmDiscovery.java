package dev.gmem.spi;

import java.util.List;

/** What a provider found. */
public sealed interface GmDiscovery {
  /**
   * Returns which provider it was.
   *
   * @return its name
   */
  String provider();

  /**
   * Devices were found.
   *
   * @param provider the provider's name
   * @param devices at least one, not attached
   */
  record Available(String provider, List<GmDevice> devices) implements GmDiscovery {
    /** Copies the list. */
    public Available {
      devices = List.copyOf(devices);
    }
  }

  /**
   * No device can be had.
   *
   * @param provider the provider's name
   * @param reason one sentence: what is missing and how to get it
   * @param cause what led to it, or null
   */
  record Unavailable(String provider, String reason, Throwable cause) implements GmDiscovery {}
}
