package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDeviceProvider;
import dev.gmem.spi.GmDiscovery;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SimDeviceProviderTest {
  private static final List<String> PROPERTIES =
      List.of("devices", "memory", "workers", "faults", "link");

  @AfterEach
  void clear() {
    PROPERTIES.forEach(name -> System.clearProperty("gmem.sim." + name));
  }

  @Test
  void isFoundAndComesAfterRealDevices() {
    GmDeviceProvider provider =
        ServiceLoader.load(GmDeviceProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(found -> found.name().equals("sim"))
            .findFirst()
            .orElseThrow();
    assertThat(provider).isInstanceOf(SimDeviceProvider.class);
    assertThat(provider.preference()).isNegative();
  }

  @Test
  void offersTwoDevicesByDefault() {
    List<GmDevice> devices = available();
    assertThat(devices).extracting(GmDevice::id).containsExactly("sim0", "sim1");
    assertThat(devices).extracting(GmDevice::memoryBytes).containsOnly(256L << 20);
    assertThat(devices)
        .allMatch(device -> device.capabilities().contains(GmCapability.REPLAYABLE_FAULTS))
        .allMatch(device -> device.description().contains("2 workers"))
        .allMatch(device -> device.description().contains("SimLink[off]"));
  }

  @Test
  void doesAsTheSystemPropertiesSay() {
    System.setProperty("gmem.sim.devices", "3");
    System.setProperty("gmem.sim.memory", " 3 MiB ");
    System.setProperty("gmem.sim.workers", "1");
    System.setProperty("gmem.sim.faults", "false");
    System.setProperty("gmem.sim.link", "10,12.5,11");
    List<GmDevice> devices = available();
    assertThat(devices).hasSize(3);
    assertThat(devices.getFirst().memoryBytes()).isEqualTo(3 << 20);
    assertThat(devices.getFirst().capabilities()).doesNotContain(GmCapability.REPLAYABLE_FAULTS);
    assertThat(devices.getFirst().description())
        .contains("1 workers", "latencyNanos=10000")
        .contains("toDeviceBytesPerSecond=1.25E10 toHostBytesPerSecond=1.1E10");
  }

  @ParameterizedTest
  @CsvSource({
    "4096,4096",
    "17B,17",
    "64KiB,65536",
    "2MiB,2097152",
    "1GiB,1073741824",
    "1TiB,1099511627776"
  })
  void understandsSizes(String text, long bytes) {
    System.setProperty("gmem.sim.memory", text);
    assertThat(available().getFirst().memoryBytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "devices|two|a number from 0 to 1024",
        "devices|-1|a number from 0 to 1024",
        "devices|1025|a number from 0 to 1024",
        "memory|64MB|a size such as 64MiB",
        "memory|MiB|a size such as 64MiB",
        "memory|0|a size such as 64MiB",
        "memory|99999999TiB|a size such as 64MiB",
        "workers|0|a number from 1 to 1024",
        "faults|yes|true or false",
        "link|10|a latency in microseconds and one or two bandwidths",
        "link|10,0|a latency in microseconds and one or two bandwidths",
        "link|10,x|a latency in microseconds and one or two bandwidths",
        "link|-1,1|a latency in microseconds and one or two bandwidths",
        "link|1,2,3,4|a latency in microseconds and one or two bandwidths",
      })
  void aBadValueMakesAllUnavailableAndIsNamed(String name, String value, String expected) {
    System.setProperty("gmem.sim." + name, value);
    assertThat(new SimDeviceProvider().discover())
        .isInstanceOfSatisfying(
            GmDiscovery.Unavailable.class,
            unavailable ->
                assertThat(unavailable.reason())
                    .contains("gmem.sim." + name + "=" + value + " is not " + expected)
                    .doesNotContain("\n"));
  }

  @Test
  void canBeTurnedOff() {
    System.setProperty("gmem.sim.devices", "0");
    assertThat(new SimDeviceProvider().discover())
        .isInstanceOfSatisfying(
            GmDiscovery.Unavailable.class,
            unavailable -> assertThat(unavailable.reason()).contains("gmem.sim.devices=0"));
  }

  private static List<GmDevice> available() {
    GmDiscovery discovery = new SimDeviceProvider().discover();
    assertThat(discovery).isInstanceOf(GmDiscovery.Available.class);
    assertThat(discovery.provider()).isEqualTo("sim");
    return ((GmDiscovery.Available) discovery).devices();
  }
}
