package dev.gmem.core.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.Device;
import dev.gmem.Kernel;
import dev.gmem.core.engine.FaultEngine;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.launch.QueueProbe;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.testing.Explorer;
import dev.gmem.core.testing.Explorer.Mode;
import dev.gmem.core.testing.Explorer.Result;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeHost.Flaw;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Every interleaving of transfers with accesses, launches, and what takes memory away. */
class TransferProtocolTest {
  private static final int GRANULE = Stage.GRANULE;
  private String name;

  @BeforeEach
  void remember(TestInfo info) {
    name = info.getTestMethod().orElseThrow().getName();
  }

  private void every(int faults, Consumer<Scene> scenario) {
    Scene.every(name, faults, scenario);
  }

  private void many(int faults, Consumer<Scene> scenario) {
    Scene.many(name, faults, scenario);
  }

  /** A device without faults whose only kernel writes. */
  private static Kernel writer(Scene scene, FakeDevice device) {
    FakeCompute compute = device.computes();
    scene.stage().attach(device);
    scene.kernels(device, compute, launch -> device.write(launch.address(0), 1, 5));
    return scene.stage().kernel(device, "k READ_WRITE");
  }

  @Test
  void aPrefetchMeetsTheCpuAndTheDevice() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          scene.thread("user", () -> scene.prefetch(s, d).join());
          scene.thread("cpu", () -> scene.host().write(s.address(), 1, 1));
          scene.thread("dev", () -> d.write(s.address() + 1, 1, 2));
        });
  }

  @Test
  void aPrefetchToTheHostMeetsADeviceThatWrites() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(2);
          d.write(s.address(), 1, 7);
          scene.thread("user", () -> scene.prefetchToHost(s).join());
          scene.thread("dev", () -> d.write(s.address() + GRANULE, 1, 2));
        });
  }

  @Test
  void aPrefetchToTheHostStandsBetweenTwoLaunches() {
    many(
        1,
        scene -> {
          Kernel k = writer(scene, scene.stage().faultless("d0"));
          MemorySegment s = scene.stage().granules(1);
          scene.thread(
              "user",
              () -> {
                scene.launch(k, s);
                Scene.Waitable home = scene.prefetchToHost(s);
                Scene.Waitable last = scene.launch(k, s);
                last.join();
                assertThat(home.isDone()).isTrue();
              });
        });
  }

  @Test
  void aPrefetchStandsBetweenLaunchesOnTwoDevices() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().faultless("d0");
          FakeDevice e = scene.stage().faultless("d1").without(GmCapability.READ_ONLY_MAPPING);
          Kernel onD = writer(scene, d);
          Kernel onE = writer(scene, e);
          MemorySegment s = scene.stage().granules(1);
          scene.thread(
              "user",
              () -> {
                scene.launch(onD, s);
                scene.prefetch(s, e);
                scene.launch(onE, s).join();
              });
          scene.thread("cpu", () -> scene.host().read(s.address(), 1));
        });
  }

  @Test
  void twoPrefetchesToADeviceShareItsOnlyFrame() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(GRANULE);
          scene.stage().attach(d);
          MemorySegment s = scene.stage().granules(2);
          scene.thread("user0", () -> scene.prefetch(s.asSlice(0, GRANULE), d).join());
          scene.thread("user1", () -> scene.prefetch(s.asSlice(GRANULE), d).join());
        });
  }

  @Test
  void aPrefetchMeetsAClose() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          scene.thread(
              "user",
              () ->
                  Scene.unlessClosed(
                      () -> {
                        scene.prefetch(s, d);
                        scene.prefetchToHost(s).join();
                      }));
          scene.thread("closer", () -> scene.stage().arena().close());
        });
  }

  @Test
  void aPrefetchMeetsADeviceThatGoes() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          Device device = scene.stage().view(d);
          MemorySegment s = scene.stage().granules(1);
          scene.thread(
              "user",
              () -> {
                try {
                  scene.waitable(scene.stage().space().prefetch(s, device)).join();
                } catch (IllegalArgumentException | IllegalStateException e) {
                  assertThat(e).hasMessageContaining("d0"); // it came too late
                }
              });
          scene.thread("detach", () -> scene.stage().space().detach(device));
        });
  }

  @Test
  void aPinHoldsAPrefetchUpAndNothingElse() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          scene.thread(
              "native",
              () -> {
                scene.host().pin(s.address());
                scene.host().writePinned(s.address(), 1, 1);
                scene.host().unpin(s.address());
              });
          scene.thread("user", () -> scene.prefetch(s, d).join());
        });
  }

  @Test
  void whatComesBeforeATransferHasEndedBeforeIt() {
    every(
        1,
        scene -> {
          Kernel k = writer(scene, scene.stage().faultless("d0"));
          MemorySegment s = scene.stage().granules(1);
          scene.thread("user", () -> launchAndBringHome(scene, k, s, scene::prefetchToHost));
        });
  }

  private static void launchAndBringHome(
      Scene scene, Kernel k, MemorySegment s, Function<MemorySegment, Scene.Waitable> home) {
    Scene.Waitable launch = scene.launch(k, s);
    home.apply(s).join();
    if (!launch.isDone()) {
      throw new AssertionError("out of order");
    }
  }

  // ---- negative controls ----

  private void fails(String what, Consumer<Scene> scenario) {
    Explorer explorer = new Explorer(Mode.REDUCED).faults(1).schedules(20_000);
    Result result = Scene.explore(name, explorer, Flaw.NONE, scenario);
    assertThat(result.failure()).isInstanceOf(AssertionError.class).hasMessageContaining(what);
  }

  /** As above, but for the order: the range comes home as soon as it can. */
  @Test
  void withoutTheOrderOfDataATransferOvertakesALaunch() {
    fails(
        "out of order",
        scene -> {
          Kernel k = writer(scene, scene.stage().faultless("d0"));
          MemorySegment s = scene.stage().granules(1);
          Vma vma = SpaceProbe.vma(scene.stage().space(), s);
          FaultEngine engine = SpaceProbe.engine(scene.stage().space());
          scene.thread(
              "user",
              () ->
                  launchAndBringHome(
                      scene,
                      k,
                      s,
                      segment -> {
                        engine.prefetchToHost(vma, 0, 1);
                        return scene.done();
                      }));
        });
  }

  /** A transfer that wants the CPU's access waits for the later launch that waits for it. */
  @Test
  void aTransferThatAsksForMoreThanItsPlaceNeverEnds() {
    fails(
        "deadlock",
        scene -> {
          Kernel k = writer(scene, scene.stage().faultless("d0"));
          MemorySegment s = scene.stage().granules(1);
          scene.thread(
              "user",
              () -> {
                scene.launch(k, s);
                QueueProbe.submit(
                    scene.stage().space(), s, () -> scene.host().read(s.address(), 1));
                scene.launch(k, s).join();
              });
        });
  }
}
