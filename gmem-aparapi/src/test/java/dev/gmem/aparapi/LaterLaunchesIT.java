package dev.gmem.aparapi;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import com.aparapi.Kernel;
import dev.gmem.Device;
import dev.gmem.NdRange;
import dev.gmem.testkit.injection.InjectedDevice;
import dev.gmem.testkit.injection.SpiCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A class is translated once per JVM, and compiled once per device and space. Translations are
 * counted by the classes that the JVM defines, compilations by the calls that reach the device.
 */
class LaterLaunchesIT {
  private static final int COUNT = 16;
  private static final int THREADS = 8;

  private static final String SOURCE =
      """
      public class Counted extends com.aparapi.Kernel {
        public int[] a;
        public int number;
        int twice(int x) { return 2 * x; }
        public void run() { int i = getGlobalId(); a[i] = twice(i) + number; }
      }
      """;

  @TempDir static Path folder;

  @BeforeAll
  static void compile() {
    Sources.compile(folder, "Counted", SOURCE, "-g");
  }

  /** An instance of a class of that source that nobody has seen before. */
  private static Kernel newClass() {
    return Sources.load(folder, "Counted");
  }

  private static Kernel newInstance(Kernel of) throws ReflectiveOperationException {
    return of.getClass().getDeclaredConstructor().newInstance();
  }

  /** A device whose compilations are counted. */
  private static long compilations(InjectedDevice device) {
    return device.injector().calls(SpiCall.COMPILE);
  }

  private static void launch(JavaKernel java, Places places, Device device) {
    try (Arena arena = places.space().arena()) {
      MemorySegment a = arena.allocate(JAVA_INT, COUNT);
      java.bind("a", a).launch(device, NdRange.of(COUNT)).join();
      assertThat(a.getAtIndex(JAVA_INT, COUNT - 1)).isEqualTo(2 * (COUNT - 1));
    }
  }

  private static void launchOnce(Kernel kernel, Places places, Device device) {
    try (JavaKernel java = JavaKernel.of(places.space(), kernel)) {
      launch(java, places, device);
    }
  }

  private static MadeClasses first(String id) {
    return new MadeClasses(1, id.equals(Places.SIM) ? 1 : 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void laterLaunchesTranslateAndCompileNothing(String id) {
    Kernel kernel = newClass();
    try (Places places = Places.open(id);
        JavaKernel java = JavaKernel.of(places.space(), newClass())) {
      InjectedDevice counted = Places.wrapped(id);
      Device device = places.space().attach(counted);
      assertThat(MadeClasses.during(() -> launchOnce(kernel, places, device))).isEqualTo(first(id));
      assertThat(compilations(counted)).isEqualTo(1);

      MadeClasses later =
          MadeClasses.during(
              () -> {
                launchOnce(kernel, places, device);
                launchOnce(newInstance(kernel), places, device);
                try (JavaKernel one = JavaKernel.of(places.space(), newInstance(kernel))) {
                  launch(one, places, device);
                  launch(one, places, device);
                  one.on(device, "a", "number");
                  one.openCl();
                }
              });
      assertThat(later).isEqualTo(MadeClasses.NONE);
      assertThat(compilations(counted)).isEqualTo(1);

      // The control: another class of the same source counts.
      assertThat(MadeClasses.during(() -> launch(java, places, device)).copies())
          .isEqualTo(first(id).copies());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void anotherSpaceCompilesOnceAndTranslatesNothing(String id) {
    Kernel kernel = newClass();
    try (Places places = Places.open(id);
        Places others = Places.open(id)) {
      launchOnce(kernel, places, places.device());
      InjectedDevice counted = Places.wrapped(id);
      Device device = others.space().attach(counted);
      MadeClasses made =
          MadeClasses.during(
              () -> {
                launchOnce(kernel, others, device);
                launchOnce(newInstance(kernel), others, device);
              });
      assertThat(made).isEqualTo(MadeClasses.NONE);
      assertThat(compilations(counted)).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Places.SIM, Places.OPENCL})
  void threadsThatComeTogetherTranslateAndCompileOnce(String id) {
    Kernel kernel = newClass();
    try (Places places = Places.open(id)) {
      InjectedDevice counted = Places.wrapped(id);
      Device device = places.space().attach(counted);
      MadeClasses made = MadeClasses.during(() -> together(kernel, places, device));
      assertThat(made).isEqualTo(first(id));
      assertThat(compilations(counted)).isEqualTo(1);
    }
  }

  private static void together(Kernel kernel, Places places, Device device) throws Exception {
    CountDownLatch start = new CountDownLatch(THREADS);
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<?>> done = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        Kernel mine = newInstance(kernel);
        done.add(
            threads.submit(
                () -> {
                  start.countDown();
                  start.await();
                  launchOnce(mine, places, device);
                  return null;
                }));
      }
      for (Future<?> each : done) {
        each.get();
      }
    }
  }
}
