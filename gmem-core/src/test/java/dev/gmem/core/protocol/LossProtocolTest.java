package dev.gmem.core.protocol;

import static dev.gmem.core.protocol.Scene.unlessLost;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.Advice;
import dev.gmem.DeviceLostException;
import dev.gmem.Kernel;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.testing.Explorer;
import dev.gmem.core.testing.Explorer.Mode;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeHost.Flaw;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.MemorySegment;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A device is lost at any step. Nobody waits for ever, and nobody reads what is not the last that
 * was written: that, or an exception.
 */
class LossProtocolTest {
  private static final int GRANULE = Stage.GRANULE;
  private String name;

  /** How a device is lost. */
  enum Death {
    ALOUD((scene, device) -> device.dieAloud(null)),
    SILENT((scene, device) -> device.die()),
    ABANDONED(
        (scene, device) -> {
          device.die();
          scene.stage().space().abandon(scene.stage().view(device));
        });

    private final BiConsumer<Scene, FakeDevice> act;

    Death(BiConsumer<Scene, FakeDevice> act) {
      this.act = act;
    }

    void of(Scene scene, FakeDevice device) {
      scene.thread("death", () -> act.accept(scene, device));
    }
  }

  @BeforeEach
  void remember(TestInfo info) {
    name = info.getTestMethod().orElseThrow().getName() + " " + info.getDisplayName();
  }

  private void many(int faults, Consumer<Scene> scenario) {
    Scene.many(name, faults, scenario);
  }

  @ParameterizedTest
  @EnumSource
  void theOwnerDiesWhileTheCpuReadsAndWrites(Death death) {
    many(
        2,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(1).address();
          scene.host().write(a, 1, 7);
          d.write(a, 1, 8);
          death.of(scene, d);
          scene.thread(
              "cpu",
              () -> {
                unlessLost(() -> scene.host().read(a, 1));
                unlessLost(() -> scene.host().write(a, 1, 1));
                unlessLost(() -> scene.host().read(a, 1));
              });
          scene.thread("dev", () -> unlessLost(() -> d.write(a, 1, 2)));
        });
  }

  @ParameterizedTest
  @EnumSource
  void oneWithACopyDiesWhileOthersReadAndWrite(Death death) {
    many(
        2,
        scene -> {
          FakeDevice d = scene.stage().device("d0").protects();
          FakeDevice e = scene.stage().device("d1");
          long a = scene.stage().granules(1).address();
          scene.host().write(a, 1, 7);
          d.read(a, 1);
          e.read(a, 1);
          death.of(scene, d);
          scene.thread("d0", () -> unlessLost(() -> d.write(a, 1, 2)));
          scene.thread("d1", () -> unlessLost(() -> e.write(a + 1, 1, 3)));
          scene.thread("cpu", () -> unlessLost(() -> scene.host().read(a, 2)));
        });
  }

  @ParameterizedTest
  @EnumSource
  void theOwnerDiesWhileAPeerTakesItOver(Death death) {
    many(
        2,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").moves().with(GmCapability.PEER_COPY);
          FakeDevice e = scene.stage().fake("d1").moves().with(GmCapability.PEER_COPY);
          scene.stage().attach(d);
          scene.stage().attach(e);
          long a = scene.stage().granules(1).address();
          d.write(a, 1, 7);
          death.of(scene, d);
          scene.thread(
              "d1",
              () -> {
                unlessLost(() -> e.write(a + 1, 1, 3));
                unlessLost(() -> e.read(a, 2));
              });
          scene.thread("cpu", () -> unlessLost(() -> scene.host().read(a, 2)));
        });
  }

  @ParameterizedTest
  @EnumSource
  void theOneThatTakesItOverDies(Death death) {
    many(
        2,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").moves().with(GmCapability.PEER_COPY);
          FakeDevice e = scene.stage().fake("d1").moves().with(GmCapability.PEER_COPY);
          scene.stage().attach(d);
          scene.stage().attach(e);
          long a = scene.stage().granules(1).address();
          d.write(a, 1, 7);
          death.of(scene, e);
          scene.thread("d1", () -> unlessLost(() -> e.write(a + 1, 1, 3)));
          scene.thread("cpu", () -> unlessLost(() -> scene.host().read(a, 2)));
        });
  }

  @ParameterizedTest
  @EnumSource
  void itDiesWhileItIsEvictedFrom(Death death) {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(GRANULE);
          scene.stage().attach(d);
          long a = scene.stage().granules(2).address();
          d.write(a, 1, 7);
          death.of(scene, d);
          scene.thread("dev", () -> unlessLost(() -> d.write(a + GRANULE, 1, 1)));
          scene.thread("cpu", () -> unlessLost(() -> scene.host().read(a, 1)));
        });
  }

  @ParameterizedTest
  @EnumSource
  void itDiesWhileItsContentsAreDropped(Death death) {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          d.write(s.address(), 1, 7);
          death.of(scene, d);
          scene.thread(
              "user",
              () -> {
                scene.waitable(scene.stage().space().advise(s, Advice.dontNeed())).join();
                scene.host().read(s.address(), 1);
              });
        });
  }

  @ParameterizedTest
  @EnumSource
  void itDiesWhileItIsDetached(Death death) {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(1).address();
          d.write(a, 1, 7);
          scene.thread(
              "death",
              () -> {
                try {
                  death.act.accept(scene, d);
                } catch (IllegalArgumentException | NullPointerException e) {
                  // It has been detached already.
                }
              });
          scene.thread(
              "admin",
              () -> {
                try {
                  unlessLost(() -> scene.stage().space().detach(scene.stage().view(d)));
                } catch (IllegalArgumentException e) {
                  // It has been abandoned already.
                }
              });
          scene.thread("cpu", () -> unlessLost(() -> scene.host().read(a, 1)));
        });
  }

  @Test
  void bothDevicesDie() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          FakeDevice e = scene.stage().device("d1");
          long a = scene.stage().granules(1).address();
          scene.host().write(a, 1, 7);
          d.read(a, 1);
          scene.thread("death0", () -> d.dieAloud(null));
          scene.thread("death1", () -> e.dieAloud(null));
          scene.thread("d1", () -> unlessLost(() -> e.write(a, 1, 2)));
          scene.thread("cpu", () -> unlessLost(() -> scene.host().read(a, 1)));
        });
  }

  // ---- launches ----

  /** A device whose kernels write a byte, of which the reference hears only if they succeed. */
  private static FakeDevice computing(Scene scene) {
    FakeDevice d = scene.stage().faultless("d0");
    FakeCompute compute = d.computes();
    scene.stage().attach(d);
    scene.kernels(d, compute, launch -> d.scribble(launch.address(0), 9));
    return d;
  }

  @ParameterizedTest
  @EnumSource(
      mode = EnumSource.Mode.EXCLUDE,
      names = "SILENT") // then nobody knows, and the kernel has succeeded
  void itDiesWhileAKernelOverwrites(Death death) {
    many(
        1,
        scene -> {
          FakeDevice d = computing(scene);
          Kernel k = scene.stage().kernel(d, "o OVERWRITE");
          MemorySegment s = scene.stage().granules(1);
          scene.host().write(s.address(), 1, 1);
          death.of(scene, d);
          scene.thread("user", () -> overwrite(scene, k, s));
        });
  }

  /** If the launch says that it has succeeded, nobody finds what was there before. */
  private static void overwrite(Scene scene, Kernel kernel, MemorySegment s) {
    boolean done = false;
    try {
      scene.launch(kernel, s).join();
      done = true;
    } catch (DeviceLostException expected) {
      assertThat(expected.deviceId()).isEqualTo("d0");
    }
    if (done) {
      scene.host().reference().put(s.address(), new byte[] {9});
    }
    unlessLost(() -> scene.host().read(s.address(), 1));
  }

  @ParameterizedTest
  @EnumSource
  void itDiesWhileLaunchesAndTheCpuWaitForItsKernel(Death death) {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().faultless("d0");
          FakeCompute compute = d.computes();
          scene.stage().attach(d);
          scene.kernels(d, compute, launch -> unlessLost(() -> d.write(launch.address(0), 1, 5)));
          Kernel k = scene.stage().kernel(d, "w READ_WRITE");
          MemorySegment s = scene.stage().granules(1);
          scene.host().write(s.address(), 1, 1);
          death.of(scene, d);
          scene.thread(
              "user",
              () -> {
                unlessLost(() -> scene.launch(k, s));
                unlessLost(() -> scene.launch(k, s).join());
              });
          scene.thread("cpu", () -> unlessLost(() -> scene.host().read(s.address(), 1)));
        });
  }

  @Test
  void itDiesWhileTheArenaIsClosed() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          var arena = scene.stage().space().arena();
          long a = arena.allocate(GRANULE, GRANULE).address();
          d.write(a, 1, 7);
          scene.thread("death", () -> d.dieAloud(null));
          scene.thread("user", arena::close);
          scene.thread("cpu", () -> unlessLost(() -> Scene.unlessClosed(() -> d.read(a, 1))));
        });
  }

  // ---- negative controls ----

  /**
   * A device that writes what it was given to read, against its promise: what it has is taken for
   * the host's bytes, and its death shows those.
   */
  @Test
  void aValueThatIsStaleAfterADeathIsFound() {
    isFound(
        scene -> {
          FakeDevice d = scene.stage().faultless("d0").without(GmCapability.READ_ONLY_MAPPING);
          FakeCompute compute = d.computes();
          scene.stage().attach(d);
          scene.kernels(d, compute, launch -> d.write(launch.address(0), 1, 5));
          Kernel k = scene.stage().kernel(d, "r READ");
          MemorySegment s = scene.stage().granules(1);
          scene.host().write(s.address(), 1, 1);
          scene.thread(
              "user",
              () -> {
                scene.launch(k, s).join();
                d.dieAloud(null);
                unlessLost(() -> scene.host().read(s.address(), 1));
              });
        });
  }

  /** The same of one that says that it has copied out, when it is dead. */
  @Test
  void aDeadDeviceThatSaysItHasCopiedIsFound() {
    isFound(
        scene -> {
          FakeDevice d = scene.stage().device("d0").losesCopies();
          long a = scene.stage().granules(1).address();
          scene.host().write(a, 1, 1);
          d.write(a, 1, 5);
          scene.thread("death", () -> SpaceProbe.slot(scene.stage().view(d)).fate().lose(null));
          scene.thread("cpu", () -> unlessLost(() -> scene.host().read(a, 1)));
        });
  }

  private void isFound(Consumer<Scene> scenario) {
    Explorer explorer = new Explorer(Mode.ALL).preemptions(1).faults(2);
    Explorer.Result result = Scene.explore(name, explorer, Flaw.NONE, scenario);
    assertThat(result.failure())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("last written was");
  }
}
