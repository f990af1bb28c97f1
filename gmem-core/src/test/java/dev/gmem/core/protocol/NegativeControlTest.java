package dev.gmem.core.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.Kernel;
import dev.gmem.core.testing.Explorer;
import dev.gmem.core.testing.Explorer.Mode;
import dev.gmem.core.testing.Explorer.Result;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeHost.Flaw;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** The exploration can fail: with one rule of the protocol broken, it finds the schedule. */
class NegativeControlTest {
  private static void fails(String name, String what, Flaw flaw, Consumer<Scene> scenario) {
    Explorer explorer = new Explorer(Mode.REDUCED).faults(1).schedules(20_000);
    Result result = Scene.explore(name, explorer, flaw, scenario);
    assertThat(result.failure()).as(name).isInstanceOf(AssertionError.class);
    assertThat(result.failure()).hasMessageContaining(what);
    Explorer few = new Explorer(Mode.ALL).preemptions(1).faults(1);
    assertThat(Scene.explore(name, few, flaw, scenario).failure())
        .as("within one preemption")
        .isInstanceOf(AssertionError.class);
  }

  @Test
  void withoutTheHandshakeAnUpdateIsLost() {
    fails(
        "without the handshake",
        "last written was",
        Flaw.NO_HANDSHAKE,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(1).address();
          scene.thread(
              "cpu",
              () -> {
                scene.host().write(a, 1, 1);
                scene.host().read(a, 2);
              });
          scene.thread(
              "dev",
              () -> {
                d.write(a + 1, 1, 2);
                d.read(a, 2);
              });
        });
  }

  @Test
  void withoutTheGateTheCpuGoesOn() {
    fails(
        "without the gate",
        "the gate is open",
        Flaw.NO_GATE,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(1).address();
          scene.thread("cpu", () -> scene.host().read(a, 1));
          scene.thread("dev", () -> d.write(a, 1, 2));
        });
  }

  @Test
  void whatTheCpuRemembersOfTheTableMustNotOutliveARevocation() {
    fails(
        "stale translations",
        "last written was",
        Flaw.STALE_TLB,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(2).address();
          long b = a + Stage.GRANULE;
          d.write(b, 1, 1); // the gate is closed from now on
          scene.thread(
              "cpu",
              () -> {
                scene.host().write(a, 1, 1);
                scene.host().read(a, 2);
              });
          scene.thread("dev", () -> d.write(a, 1, 2));
        });
  }

  @Test
  void aDeviceThatForgetsToCopyOutLosesWhatItHad() {
    fails(
        "without the copy out",
        "last written was",
        Flaw.NONE,
        scene -> {
          FakeDevice d = scene.stage().device("d0").losesCopies();
          long a = scene.stage().granules(1).address();
          scene.thread("dev", () -> d.write(a, 1, 2));
          scene.thread("cpu", () -> scene.host().read(a, 1));
        });
  }

  @Test
  void aMappingThatIsInstalledBeforeItsBytesShowsOldOnes() {
    fails(
        "copy after publish",
        "last written was",
        Flaw.NONE,
        scene -> {
          FakeDevice d = scene.stage().device("d0").publishesEarly();
          long a = scene.stage().granules(1).address();
          scene.host().write(a, 1, 7);
          scene.thread("dev0", () -> d.read(a, 1));
          scene.thread("dev1", () -> d.read(a, 1));
        });
  }

  @Test
  void whoTrustsAGateThatWasTightenedLazilyMustLookOnceItIsForAll() {
    fails(
        "trust that is not taken back",
        "last written was",
        Flaw.TRUST,
        scene -> {
          FakeDevice h = LazyHoldProtocolTest.concurrent(scene);
          FakeDevice e = scene.stage().device("d1");
          MemorySegment s = scene.stage().granules(1);
          long a = s.address();
          Kernel k = LaunchProtocolTest.kernel(scene, h, "r");
          scene.host().write(a, 1, 1);
          scene.thread(
              "cpu",
              () -> {
                scene.host().read(a, 1);
                scene.host().read(a, 2);
              });
          scene.thread(
              "user",
              () -> {
                scene.launch(k, s);
                e.write(a + 1, 1, 2);
              });
        });
  }

  @Test
  void whatTheLaunchingThreadRemembersOfTheTableMustNotOutliveItsLaunch() {
    fails(
        "stale translations after a launch",
        "expected: 5L",
        Flaw.STALE_TLB,
        LazyHoldProtocolTest::remembersAndLaunches);
  }
}
