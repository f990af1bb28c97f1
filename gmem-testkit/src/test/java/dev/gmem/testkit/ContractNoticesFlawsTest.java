package dev.gmem.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.testkit.FlawedDevice.Flaw;
import java.lang.annotation.Annotation;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.opentest4j.TestAbortedException;

/**
 * The contract of memory, turned on itself: a device without a flaw passes, every flaw is noticed,
 * and every test of it notices a flaw.
 */
class ContractNoticesFlawsTest {
  private record Fixture(Flaw flaw) implements DeviceFixture {
    @Override
    public FlawedDevice newDevice() {
      return new FlawedDevice(flaw);
    }

    @Override
    public Duration timeout() {
      return flaw == Flaw.ASYNC_NEVER_ENDS ? Duration.ofMillis(50) : Duration.ofMinutes(1);
    }
  }

  private static final List<Function<DeviceFixture, FacetContract>> FACETS =
      List.of(
          fixture ->
              new LifecycleContract() {
                @Override
                protected DeviceFixture fixture() {
                  return fixture;
                }
              },
          fixture ->
              new MappingContract() {
                @Override
                protected DeviceFixture fixture() {
                  return fixture;
                }
              },
          fixture ->
              new GranuleContract() {
                @Override
                protected DeviceFixture fixture() {
                  return fixture;
                }
              },
          fixture ->
              new CapacityContract() {
                @Override
                protected DeviceFixture fixture() {
                  return fixture;
                }
              },
          fixture ->
              new ConcurrencyContract() {
                @Override
                protected DeviceFixture fixture() {
                  return fixture;
                }
              },
          fixture ->
              new CopyContract() {
                @Override
                protected DeviceFixture fixture() {
                  return fixture;
                }
              },
          fixture ->
              new PeerContract() {
                @Override
                protected DeviceFixture fixture() {
                  return fixture;
                }
              },
          fixture ->
              new ProtectContract() {
                @Override
                protected DeviceFixture fixture() {
                  return fixture;
                }
              });

  /** Which tests fail, by flaw. */
  private static final Map<Flaw, List<String>> FAILURES = new EnumMap<>(Flaw.class);

  @BeforeAll
  static void runEverything() throws Exception {
    for (Flaw flaw : Flaw.values()) {
      FAILURES.put(flaw, failures(flaw));
    }
  }

  @Test
  void aDeviceWithoutAFlawPasses() {
    assertThat(FAILURES.get(Flaw.NONE)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "NONE")
  void everyFlawIsNoticed(Flaw flaw) {
    assertThat(FAILURES.get(flaw)).isNotEmpty();
  }

  @Test
  void everyTestNoticesAFlaw() {
    Set<String> noticing = new TreeSet<>();
    FAILURES.values().forEach(noticing::addAll);
    assertThat(noticing).containsExactlyInAnyOrderElementsOf(tests());
  }

  private static List<String> tests() {
    return FACETS.stream()
        .map(facet -> facet.apply(new Fixture(Flaw.NONE)))
        .flatMap(facet -> methods(facet, Test.class).stream())
        .map(ContractNoticesFlawsTest::name)
        .toList();
  }

  private static List<String> failures(Flaw flaw) throws Exception {
    List<String> failures = new ArrayList<>();
    for (Function<DeviceFixture, FacetContract> factory : FACETS) {
      for (Method test : methods(factory.apply(new Fixture(flaw)), Test.class)) {
        if (fails(factory.apply(new Fixture(flaw)), test)) {
          failures.add(name(test));
        }
      }
    }
    return failures;
  }

  private static boolean fails(FacetContract facet, Method test) throws Exception {
    boolean failed = false;
    try {
      facet.attachDevice();
      for (Method before : methods(facet, BeforeEach.class)) {
        if (!before.getName().equals("attachDevice")) {
          before.invoke(facet);
        }
      }
      test.invoke(facet);
    } catch (InvocationTargetException e) {
      failed = !(e.getCause() instanceof TestAbortedException);
    }
    try {
      for (Method after : methods(facet, AfterEach.class)) {
        if (!after.getName().equals("closeSpace")) {
          after.invoke(facet);
        }
      }
      facet.closeSpace();
    } catch (InvocationTargetException e) {
      failed = true;
    } catch (RuntimeException e) {
      failed = true;
    }
    return failed;
  }

  private static List<Method> methods(FacetContract facet, Class<? extends Annotation> annotation) {
    return Stream.<Class<?>>iterate(
            facet.getClass(), FacetContract.class::isAssignableFrom, Class::getSuperclass)
        .flatMap(type -> Stream.of(type.getDeclaredMethods()))
        .filter(method -> method.isAnnotationPresent(annotation))
        .toList();
  }

  private static String name(Method test) {
    return test.getDeclaringClass().getSimpleName() + "." + test.getName();
  }
}
