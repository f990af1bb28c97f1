package dev.gmem;

import dev.gmem.spi.GmDeviceProvider;
import dev.gmem.spi.GmDiscovery;
import dev.gmem.spi.SpaceFactory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/**
 * The way in.
 *
 * {@snippet lang=java :
 * try (AddressSpace space = Gmem.open(); Arena arena = space.arena()) {
 *   MemorySegment a = arena.allocate(ValueLayout.JAVA_FLOAT, n);
 *   // ... fill it with ordinary code, launch kernels on it, read it with ordinary code
 * }
 * }
 *
 * <p>All methods may be called from any thread.
 */
public final class Gmem {
  private Gmem() {}

  /**
   * Opens an address space with {@linkplain SpaceOptions#defaults() default options}.
   *
   * @return a new address space, to be closed by the caller
   * @throws GmemUnavailableException if the agent is not attached, or the implementation is not on
   *     the class path; the message says how to mend it
   */
  public static AddressSpace open() {
    return open(SpaceOptions.defaults());
  }

  /**
   * Opens an address space.
   *
   * @param options granule, reservation and limits of the new space
   * @return a new address space, to be closed by the caller
   * @throws GmemUnavailableException if the agent is not attached, or the implementation is not on
   *     the class path; the message says how to mend it
   * @throws AddressSpaceExhaustedException if the operating system refuses the reservation
   */
  public static AddressSpace open(SpaceOptions options) {
    return ServiceLoader.load(SpaceFactory.class, Gmem.class.getClassLoader())
        .findFirst()
        .orElseThrow(
            () ->
                new GmemUnavailableException(
                    "No implementation of the address space was found: attach the agent with"
                        + " -javaagent:gmem-agent.jar (it contains gmem-core), or put gmem-core on"
                        + " the class path"))
        .open(options);
  }

  /**
   * Asks every device provider on the class path what it has. Devices that are found are not
   * attached to anything, and cost nothing until they are.
   *
   * <p>Providers are asked in the order of their {@linkplain GmDeviceProvider#preference()
   * preference}. One that fails is reported as unavailable and does not hide the others.
   *
   * @return one answer per provider
   */
  public static List<GmDiscovery> discover() {
    List<GmDeviceProvider> providers = new ArrayList<>();
    List<GmDiscovery> answers = new ArrayList<>();
    var iterator = ServiceLoader.load(GmDeviceProvider.class, contextLoader()).iterator();
    while (true) {
      try {
        if (!iterator.hasNext()) {
          break;
        }
        providers.add(iterator.next());
      } catch (ServiceConfigurationError e) {
        answers.add(new GmDiscovery.Unavailable("unknown", "provider does not load: " + e, e));
      }
    }
    providers.sort(Comparator.comparingInt(GmDeviceProvider::preference).reversed());
    for (GmDeviceProvider provider : providers) {
      answers.add(discover(provider));
    }
    return List.copyOf(answers);
  }

  private static GmDiscovery discover(GmDeviceProvider provider) {
    try {
      return provider.discover();
    } catch (RuntimeException | LinkageError e) {
      return new GmDiscovery.Unavailable(provider.name(), "discovery failed: " + e, e);
    }
  }

  private static ClassLoader contextLoader() {
    ClassLoader loader = Thread.currentThread().getContextClassLoader();
    return loader != null ? loader : Gmem.class.getClassLoader();
  }
}
