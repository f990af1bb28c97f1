package dev.gmem.core.protocol;

import static dev.gmem.core.protocol.Scene.unlessLost;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.DeviceException;
import dev.gmem.Kernel;
import dev.gmem.KernelLaunchException;
import dev.gmem.core.testing.Explorer;
import dev.gmem.core.testing.Explorer.Mode;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeHost.Flaw;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What is lost is overwritten, while others look at it. Whoever reads finds the loss or what has
 * been written, and never what a frame happens to hold. Frames that nobody needs hold garbage here.
 */
class RenewalProtocolTest {
  private static final int GRANULE = Stage.GRANULE;
  private String name;

  @BeforeEach
  void remember(TestInfo info) {
    name = info.getTestMethod().orElseThrow().getName() + " " + info.getDisplayName();
  }

  private void many(int faults, Consumer<Scene> scenario) {
    Scene.many(name, faults, scenario);
  }

  /** A granule that was lost with d0. */
  private static MemorySegment lost(Scene scene) {
    FakeDevice d = scene.stage().device("d0");
    MemorySegment s = scene.stage().granules(1);
    scene.host().write(s.address(), 1, 7);
    d.write(s.address(), 1, 8);
    d.dieAloud(null);
    scene.host().reference().forget(s.address(), GRANULE);
    return s;
  }

  /** A device whose kernels write the first two bytes: 9 and 0. */
  private static FakeDevice computing(Scene scene, boolean faults, boolean writes) {
    FakeDevice e = faults ? scene.stage().fake("d1") : scene.stage().faultless("d1");
    FakeCompute compute = e.computes();
    scene.stage().attach(e);
    scene.kernels(
        e,
        compute,
        launch -> {
          if (writes) {
            e.scribble(launch.address(0), 9);
            e.scribble(launch.address(0) + 1, 0);
          }
        });
    return e;
  }

  private static void overwrite(Scene scene, Kernel kernel, MemorySegment s) {
    try {
      scene.launch(kernel, s).join();
    } catch (DeviceException | KernelLaunchException expected) {
      return;
    }
    scene.host().reference().put(s.address(), new byte[] {9});
    unlessLost(() -> scene.host().read(s.address(), 2));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aLaunchOverwritesItWhileTheCpuAndAnotherDeviceLook(boolean faults) {
    many(
        1,
        scene -> {
          MemorySegment s = lost(scene);
          FakeDevice e = computing(scene, faults, true);
          FakeDevice f = scene.stage().device("d2");
          Kernel k = scene.stage().kernel(e, "o OVERWRITE");
          scene.thread("user", () -> overwrite(scene, k, s));
          scene.thread("cpu", () -> unlessLost(() -> scene.host().read(s.address() + 1, 1)));
          scene.thread("dev", () -> unlessLost(() -> f.read(s.address() + 1, 1)));
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theDeviceThatOverwritesItDies(boolean faults) {
    many(
        1,
        scene -> {
          MemorySegment s = lost(scene);
          FakeDevice e = computing(scene, faults, true);
          Kernel k = scene.stage().kernel(e, "o OVERWRITE");
          scene.thread("user", () -> overwrite(scene, k, s));
          scene.thread(
              "death",
              () -> {
                e.dieAloud(null);
                unlessLost(() -> scene.host().read(s.address() + 1, 1));
              });
        });
  }

  @Test
  void aCopyOverwritesItWhileTheCpuAndADeviceLook() {
    many(
        1,
        scene -> {
          MemorySegment s = lost(scene);
          FakeDevice f = scene.stage().device("d2");
          byte[] content = new byte[GRANULE];
          content[0] = 9;
          scene.thread(
              "user",
              () -> {
                MemorySegment source = MemorySegment.ofArray(content);
                scene.waitable(scene.stage().space().copyAsync(s, source)).join();
                scene.host().reference().put(s.address(), new byte[] {9});
                scene.host().read(s.address(), 1);
              });
          scene.thread("cpu", () -> unlessLost(() -> scene.host().read(s.address() + 1, 1)));
          scene.thread("dev", () -> unlessLost(() -> f.write(s.address() + 1, 1, 0)));
        });
  }

  @Test
  void theCpuFillsItWhileADeviceTakesIt() {
    many(
        2,
        scene -> {
          MemorySegment s = lost(scene);
          FakeDevice f = scene.stage().device("d2");
          scene.thread(
              "cpu",
              () -> {
                scene.host().fill(s.address(), GRANULE, (byte) 4);
                scene.host().read(s.address(), 1);
              });
          scene.thread("dev", () -> unlessLost(() -> f.read(s.address(), 2)));
          scene.thread("more", () -> unlessLost(() -> f.read(s.address() + 8, 1)));
        });
  }

  /**
   * A kernel that has not written what it was to overwrite: what the device held comes to light.
   */
  @Test
  void garbageIsFound() {
    Explorer explorer = new Explorer(Mode.ALL).preemptions(1).faults(2);
    Explorer.Result result =
        Scene.explore(
            name,
            explorer,
            Flaw.NONE,
            scene -> {
              MemorySegment s = lost(scene);
              FakeDevice e = computing(scene, false, false);
              Kernel k = scene.stage().kernel(e, "o OVERWRITE");
              scene.thread("user", () -> overwrite(scene, k, s));
            });
    assertThat(result.failure())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("last written was");
  }
}
