package dev.gmem.core.space;

import dev.gmem.AddressSpace;
import dev.gmem.SpaceOptions;
import dev.gmem.core.host.HostPlatforms;
import dev.gmem.core.sync.RankedMonitor;
import dev.gmem.spi.SpaceFactory;

/** Makes spaces on the platform that the agent installed. */
public final class CoreSpaceFactory implements SpaceFactory {
  /** For {@link java.util.ServiceLoader}. */
  public CoreSpaceFactory() {}

  @Override
  public AddressSpace open(SpaceOptions options) {
    return new Space(options, HostPlatforms.installed(), RankedMonitor::new);
  }
}
