package dev.gmem.core.protocol;

import static dev.gmem.core.protocol.LaunchProtocolTest.faultless;
import static dev.gmem.core.protocol.LaunchProtocolTest.kernel;
import static dev.gmem.core.protocol.LaunchProtocolTest.sharing;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.Kernel;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/**
 * Every interleaving of launches on a device that uses the host's frames as the CPU does, with
 * accesses that are in no order with them and go on with an old look at the gate, and with what
 * takes the memory away.
 */
class LazyHoldProtocolTest {
  private String name;

  @BeforeEach
  void remember(TestInfo info) {
    name = info.getTestMethod().orElseThrow().getName();
  }

  private void many(Consumer<Scene> scenario) {
    Scene.many(name, 1, scenario);
  }

  static FakeDevice concurrent(Scene scene) {
    return sharing(scene, scene.stage().faultless("h0").with(GmCapability.HOST_CONCURRENT));
  }

  /** Accesses that are in no order with what others do; those after the first trust the gate. */
  private static void races(Scene scene, MemorySegment segment) {
    scene.thread(
        "cpu",
        () -> {
          scene.host().read(segment.address(), 1);
          scene.host().write(segment.address() + 1, 1, 3);
          scene.host().read(segment.address(), 3);
        });
  }

  @Test
  void theCpuSeesWhatAKernelWroteThatItHasLaunchedBefore() {
    Scene.every(
        name,
        2,
        scene -> {
          FakeDevice h = concurrent(scene);
          MemorySegment s = scene.stage().granules(1);
          Kernel k = kernel(scene, h, "w");
          scene.thread(
              "user",
              () -> {
                scene.host().write(s.address(), 1, 1);
                Scene.Waitable launch = scene.launch(k, s);
                assertThat(scene.host().read(s.address(), 1)).isEqualTo(5);
                assertThat(launch.isDone()).isTrue();
                scene.host().write(s.address(), 1, 2);
              });
        });
  }

  @Test
  void soItDoesIfItRemembersThatItHadThePermission() {
    Scene.every(name, 2, LazyHoldProtocolTest::remembersAndLaunches);
  }

  /**
   * The gate is closed from the beginning, because of a neighbour; then an answer is remembered.
   */
  static void remembersAndLaunches(Scene scene) {
    FakeDevice h = concurrent(scene);
    FakeDevice e = scene.stage().device("d1");
    MemorySegment s = scene.stage().granules(2);
    Kernel k = kernel(scene, h, "w");
    e.write(s.address() + Stage.GRANULE, 1, 9);
    scene.thread(
        "user",
        () -> {
          scene.host().write(s.address(), 1, 1);
          scene.launch(k, s.asSlice(0, Stage.GRANULE));
          assertThat(scene.host().read(s.address(), 1)).isEqualTo(5);
        });
  }

  @Test
  void afterItAnotherDeviceTakesWhatTheCpuAccessesAllTheTime() {
    many(
        scene -> {
          FakeDevice h = concurrent(scene);
          FakeDevice e = scene.stage().device("d1");
          MemorySegment s = scene.stage().granules(1);
          Kernel k = kernel(scene, h, "w");
          races(scene, s);
          scene.thread(
              "user",
              () -> {
                scene.launch(k, s);
                e.write(s.address() + 2, 1, 7);
                e.read(s.address(), 3);
              });
        });
  }

  @Test
  void afterItAnotherLaunchTakesWhatTheCpuAccessesAllTheTime() {
    many(
        scene -> {
          FakeDevice h = concurrent(scene);
          FakeDevice d = faultless(scene, "d0");
          MemorySegment s = scene.stage().granules(1);
          Kernel first = kernel(scene, h, "w");
          Kernel second = kernel(scene, d, "w");
          races(scene, s);
          scene.thread(
              "user",
              () -> {
                scene.launch(first, s);
                scene.launch(second, s.asSlice(2));
                scene.host().read(s.address(), 3);
              });
        });
  }

  @Test
  void beforeItATransferTakesWhatTheCpuAccessesAllTheTime() {
    many(
        scene -> {
          FakeDevice h = concurrent(scene);
          FakeDevice e = scene.stage().device("d1");
          MemorySegment s = scene.stage().granules(1);
          Kernel k = kernel(scene, h, "w");
          races(scene, s);
          scene.thread(
              "user",
              () -> {
                scene.prefetch(s, e);
                scene.launch(k, s);
                scene.host().read(s.address(), 3);
              });
        });
  }

  @Test
  void anotherKernelReadsAReplicaMeanwhile() {
    many(
        scene -> {
          FakeDevice h = concurrent(scene);
          FakeDevice e = scene.stage().device("d1");
          MemorySegment s = scene.stage().granules(1);
          Kernel k = kernel(scene, h, "r");
          scene.host().write(s.address(), 1, 1);
          scene.thread("user", () -> scene.launch(k, s));
          scene.thread("d1", () -> e.read(s.address(), 3));
          scene.thread(
              "cpu",
              () -> {
                scene.host().write(s.address() + 1, 1, 3);
                scene.host().write(s.address() + 2, 1, 4);
              });
        });
  }

  @Test
  void closingWaitsForItAndForWhoeverAccessesAllTheTime() {
    many(
        scene -> {
          FakeDevice h = concurrent(scene);
          Arena brief = scene.stage().space().arena();
          MemorySegment s = brief.allocate(Stage.GRANULE, Stage.GRANULE);
          Kernel k = kernel(scene, h, "w");
          scene.thread(
              "cpu",
              () -> {
                try {
                  scene.host().read(s.address(), 1);
                  scene.host().write(s.address() + 1, 1, 3);
                } catch (IllegalStateException e) {
                  assertThat(e).hasMessage("Already closed");
                }
              });
          scene.thread(
              "user",
              () -> {
                Scene.Waitable launch = scene.launch(k, s);
                brief.close();
                assertThat(launch.isDone()).isTrue();
              });
        });
  }

  @Test
  void aPinHoldsItUp() {
    Scene.every(
        name,
        1,
        scene -> {
          FakeDevice h = concurrent(scene);
          MemorySegment s = scene.stage().granules(1);
          Kernel k = kernel(scene, h, "w");
          scene.thread(
              "native",
              () -> {
                scene.host().pin(s.address());
                scene.host().writePinned(s.address(), 1, 1);
                scene.host().readPinned(s.address(), 1);
                scene.host().unpin(s.address());
              });
          scene.thread("user", () -> scene.launch(k, s).join());
        });
  }
}
