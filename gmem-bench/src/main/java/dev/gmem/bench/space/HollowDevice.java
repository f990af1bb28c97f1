package dev.gmem.bench.space;

import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmMapping;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmStatus;
import dev.gmem.spi.GmUnmapping;

/** A device that agrees to everything and keeps nothing, so that it takes no memory of its own. */
final class HollowDevice implements GmDevice, GmMmu {
  @Override
  public String id() {
    return "hollow";
  }

  @Override
  public GmMmu mmu() {
    return this;
  }

  @Override
  public GmStatus peerMap(GmMapping mapping) {
    return GmStatus.SUCCESS;
  }

  @Override
  public GmStatus peerUnmap(GmUnmapping unmapping) {
    return GmStatus.SUCCESS;
  }
}
