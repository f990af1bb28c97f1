package dev.gmem.spi;

import dev.gmem.AddressSpace;
import dev.gmem.SpaceOptions;

/**
 * Makes address spaces. Implemented by the core and found by {@link java.util.ServiceLoader}; not
 * for device plugins.
 */
public interface SpaceFactory {
  /**
   * Opens an address space.
   *
   * @param options its layout
   * @return the space
   */
  AddressSpace open(SpaceOptions options);
}
