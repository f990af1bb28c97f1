package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDeviceProvider;
import dev.gmem.spi.GmDiscovery;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the provider says, whatever is missing. Needs no OpenCL. */
class DiscoveryTest {
  private static final cl_platform_id GOOD = new cl_platform_id();
  private static final cl_platform_id BAD = new cl_platform_id();

  private static Cl fake(InvocationHandler answers) {
    return (Cl)
        Proxy.newProxyInstance(Cl.class.getClassLoader(), new Class<?>[] {Cl.class}, answers);
  }

  private static GmDiscovery.Unavailable unavailable(GmDiscovery answer) {
    GmDiscovery.Unavailable result = assertInstanceOf(GmDiscovery.Unavailable.class, answer);
    assertEquals("opencl", result.provider());
    assertFalse(result.reason().contains("\n"), result.reason());
    return result;
  }

  private static GmDiscovery.Unavailable without(LinkageError error) {
    Discovery discovery =
        new Discovery(
            () -> {
              throw error;
            });
    GmDiscovery.Unavailable answer = unavailable(discovery.discover(OpenClSettings.defaults()));
    assertSame(error, answer.cause());
    return answer;
  }

  private static GmDiscovery.Unavailable with(Cl cl) {
    return unavailable(new Discovery(() -> cl).discover(OpenClSettings.defaults()));
  }

  private static void assertSays(GmDiscovery.Unavailable answer, String... parts) {
    for (String part : parts) {
      assertTrue(
          answer.reason().contains(part), () -> "'" + part + "' missing: " + answer.reason());
    }
  }

  @Test
  void theProviderIsFoundAndPreferredToSimulatedOnes() {
    List<GmDeviceProvider> found = new ArrayList<>();
    ServiceLoader.load(GmDeviceProvider.class).forEach(found::add);
    GmDeviceProvider provider =
        found.stream().filter(OpenClDeviceProvider.class::isInstance).findFirst().orElseThrow();
    assertEquals("opencl", provider.name());
    assertTrue(provider.preference() >= 0);
  }

  @Test
  void aMissingLoaderIsAnAnswer() {
    assertSays(
        without(
            new UnsatisfiedLinkError(
                "Could not initialize native OpenCL library. Implementation library could not be"
                    + " loaded")),
        "libOpenCL",
        "ocl-icd-libopencl1");
  }

  @Test
  void aMissingLoaderIsAnAnswerTheSecondTimeToo() {
    assertSays(
        without(
            (LinkageError)
                new NoClassDefFoundError("Could not initialize class org.jocl.CL")
                    .initCause(
                        new ExceptionInInitializerError(
                            "Exception java.lang.UnsatisfiedLinkError: Could not initialize native"
                                + " OpenCL library."))),
        "libOpenCL");
  }

  @Test
  void aMissingJoclIsAnAnswer() {
    assertSays(without(new NoClassDefFoundError("org/jocl/CL")), "org.jocl:jocl");
  }

  @Test
  void aNativeLibraryThatDoesNotLoadIsAnAnswer() {
    assertSays(
        without(new UnsatisfiedLinkError("Error while loading native library \"JOCL\"\nat …")),
        "java.io.tmpdir",
        "noexec");
  }

  @Test
  void noDriverIsAnAnswer() {
    assertSays(
        with(fake((proxy, method, arguments) -> List.of())),
        "no OpenCL driver",
        "/etc/OpenCL/vendors",
        "pocl-opencl-icd");
  }

  @Test
  void aLoaderThatFailsIsAnAnswer() {
    GmDiscovery.Unavailable answer =
        with(
            fake(
                (proxy, method, arguments) -> {
                  throw new ClException("clGetPlatformIDs", -6);
                }));
    assertSays(answer, "clGetPlatformIDs", "CL_OUT_OF_HOST_MEMORY (-6)");
    assertInstanceOf(ClException.class, answer.cause());
  }

  @Test
  void noDeviceAndADriverThatFailsAreNamed() {
    GmDiscovery.Unavailable answer =
        with(
            fake(
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "platforms" -> List.of(GOOD, BAD);
                      case "platformName" -> name(arguments[0]);
                      default -> List.of();
                    }));
    assertSays(answer, "Good", "has no device", "a platform fails", "CL_DEVICE_NOT_AVAILABLE");
    assertInstanceOf(ClException.class, answer.cause());
  }

  private static String name(Object platform) {
    if (platform == BAD) {
      throw new ClException("clGetPlatformInfo", -2);
    }
    return "Good";
  }

  @Test
  void aDeviceThatFailsIsNamed() {
    GmDiscovery.Unavailable answer =
        with(
            fake(
                (proxy, method, arguments) ->
                    switch (method.getName()) {
                      case "platforms" -> List.of(GOOD);
                      case "platformName" -> "Good";
                      case "devices" -> List.of(new cl_device_id());
                      default -> throw new ClException(method.getName(), -5);
                    }));
    assertSays(answer, "a device of the platform Good fails", "CL_OUT_OF_RESOURCES (-5)");
  }

  @Test
  void aDriverThatFailsDoesNotHideTheOthers() {
    Cl real = TestDevices.cl();
    Cl cl =
        fake(
            (proxy, method, arguments) -> {
              if (method.getName().equals("platforms")) {
                List<cl_platform_id> all = new ArrayList<>(List.of(BAD));
                all.addAll(real.platforms());
                return all;
              }
              if (arguments[0] == BAD) {
                throw new ClException(method.getName(), -2);
              }
              return method.invoke(real, arguments);
            });
    GmDiscovery answer = new Discovery(() -> cl).discover(OpenClSettings.defaults());
    List<GmDevice> devices = assertInstanceOf(GmDiscovery.Available.class, answer).devices();
    assertEquals("opencl0", devices.getFirst().id());
  }

  @Test
  void aDeviceThatCannotWorkOnHostMemoryIsNotOfferedAsOneThatCan() {
    Recorder recorder = new Recorder(TestDevices.cl());
    DeviceFacts facts = TestDevices.facts();
    Cl cl =
        fake(
            (proxy, method, arguments) ->
                switch (method.getName()) {
                  case "createContext" -> throw new ClException("clCreateContext", -2);
                  case "devices" -> List.of(new cl_device_id());
                  case "deviceInfo" -> recorder.cl().deviceInfo(facts.handle(), (int) arguments[1]);
                  default -> method.invoke(recorder.cl(), arguments);
                });
    GmDiscovery.Unavailable answer =
        unavailable(
            new Discovery(() -> cl)
                .discover(new OpenClSettings(OpenClMode.ZERO_COPY, Long.MAX_VALUE, true)));
    assertSays(answer, "cannot work on host memory", "CL_DEVICE_NOT_AVAILABLE", "gmem.opencl.mode");
  }

  @ParameterizedTest
  @CsvSource({"auto,AUTO", "discrete,DISCRETE", "zero-copy,ZERO_COPY"})
  void modesAreRead(String text, OpenClMode mode) {
    withProperty(OpenClSettings.MODE, text, () -> assertEquals(mode, OpenClSettings.read().mode()));
  }

  @ParameterizedTest
  @CsvSource({"4096,4096", "64KiB,65536", "3 MiB,3145728", "2GiB,2147483648"})
  void sizesAreRead(String text, long bytes) {
    withProperty(
        OpenClSettings.MEMORY,
        text,
        () -> assertEquals(bytes, OpenClSettings.read().memoryBytesMax()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "0", "-1", "many", "5 apples", "99999999999999999999", "9999999999GiB"})
  void aSizeThatIsNoneMakesNothingRun(String text) {
    withProperty(
        OpenClSettings.MEMORY,
        text,
        () -> assertSays(unavailable(new OpenClDeviceProvider().discover()), "gmem.opencl.memory"));
  }

  @ParameterizedTest
  @CsvSource({"on,true", "off,false"})
  void profilingIsRead(String text, boolean profiling) {
    withProperty(
        OpenClSettings.PROFILING,
        text,
        () -> assertEquals(profiling, OpenClSettings.read().profiling()));
  }

  @Test
  void profilingThatIsNeitherOnNorOffMakesNothingRun() {
    withProperty(
        OpenClSettings.PROFILING,
        "true",
        () ->
            assertSays(
                unavailable(new OpenClDeviceProvider().discover()), "gmem.opencl.profiling=true"));
  }

  @Test
  void aModeThatIsNoneMakesNothingRun() {
    withProperty(
        OpenClSettings.MODE,
        "Discrete",
        () ->
            assertSays(
                unavailable(new OpenClDeviceProvider().discover()),
                "gmem.opencl.mode=Discrete",
                "zero-copy"));
  }

  private static void withProperty(String name, String value, Runnable action) {
    String before = System.getProperty(name);
    System.setProperty(name, value);
    try {
      action.run();
    } finally {
      if (before == null) {
        System.clearProperty(name);
      } else {
        System.setProperty(name, before);
      }
    }
  }
}
