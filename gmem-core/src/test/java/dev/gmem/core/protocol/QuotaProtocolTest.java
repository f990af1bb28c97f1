package dev.gmem.core.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.Device;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.Kernel;
import dev.gmem.core.engine.EngineProbe;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.testing.Explorer;
import dev.gmem.core.testing.Explorer.Mode;
import dev.gmem.core.testing.Explorer.Result;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeHost.Flaw;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/**
 * Every interleaving of a change of a quota with those who take room, and with those who give it
 * back. While a quota is exceeded nobody takes more, and in the end it is not: each step, and each
 * end, is checked for that.
 */
class QuotaProtocolTest {
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

  /** A device with room for some granules, on whose launches threads of their own write a byte. */
  private static FakeDevice computing(Scene scene, int granules) {
    FakeDevice d = scene.stage().faultless("d0").memoryBytes((long) granules * GRANULE);
    FakeCompute compute = d.computes();
    scene.stage().attach(d);
    scene.kernels(d, compute, launch -> d.write(launch.address(0), 1, 3));
    return d;
  }

  private static void quota(Scene scene, FakeDevice d, int granules) {
    scene.stage().space().quota(scene.stage().view(d), (long) granules * GRANULE);
  }

  @Test
  void aFaultTakesRoomThatIsBeingTakenAway() {
    many(
        2,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(2 * GRANULE);
          scene.stage().attach(d);
          long a = scene.stage().granules(1).address();
          long b = scene.stage().granules(1).address();
          d.write(a, 1, 7);
          scene.thread("dev", () -> d.write(b, 1, 1));
          scene.thread("quota", () -> quota(scene, d, 1));
        });
  }

  @Test
  void theCpuReadsWhatASmallerQuotaEvicts() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(2 * GRANULE);
          scene.stage().attach(d);
          MemorySegment s = scene.stage().granules(2);
          d.write(s.address(), 1, 7);
          d.write(s.address() + GRANULE, 1, 8);
          scene.thread("quota", () -> quota(scene, d, 1));
          scene.thread("cpu", () -> scene.host().read(s.address(), 1));
        });
  }

  @Test
  void aLaunchGetsAllOfTheOldQuotaOrIsToldOfTheNewOne() {
    many(
        1,
        scene -> {
          FakeDevice d = computing(scene, 2);
          MemorySegment s = scene.stage().granules(2);
          Kernel k = scene.stage().kernel(d, "k READ_WRITE");
          scene.thread(
              "user",
              () -> {
                try {
                  scene.launch(k, s).join();
                } catch (DeviceMemoryExhaustedException e) {
                  assertThat(e).hasMessageContaining("the arguments of the launch do not fit");
                }
              });
          scene.thread("quota", () -> quota(scene, d, 1));
        });
  }

  @Test
  void aLaunchThatFitsBothQuotasSucceeds() {
    many(
        1,
        scene -> {
          FakeDevice d = computing(scene, 2);
          MemorySegment other = scene.stage().granules(1);
          MemorySegment s = scene.stage().granules(1);
          scene.bring(other, d);
          Kernel k = scene.stage().kernel(d, "k READ_WRITE");
          scene.thread("user", () -> scene.launch(k, s).join());
          scene.thread("quota", () -> quota(scene, d, 1));
        });
  }

  @Test
  void twoQuotasAreChangedTogether() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(2 * GRANULE);
          scene.stage().attach(d);
          MemorySegment s = scene.stage().granules(2);
          scene.bring(s, d);
          scene.thread("smaller", () -> quota(scene, d, 1));
          scene.thread("larger", () -> quota(scene, d, 2));
        });
  }

  @Test
  void aSmallerQuotaMeetsAClose() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(2 * GRANULE);
          scene.stage().attach(d);
          Arena other = scene.stage().space().arena();
          MemorySegment s = other.allocate(2 * GRANULE, GRANULE);
          scene.bring(s, d);
          scene.thread("quota", () -> quota(scene, d, 1));
          scene.thread("closer", other::close);
        });
  }

  @Test
  void aSmallerQuotaMeetsADeviceThatLeaves() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(2 * GRANULE);
          Device device = scene.stage().attach(d);
          MemorySegment s = scene.stage().granules(2);
          scene.bring(s, d);
          scene.thread("quota", () -> unlessGone(() -> quota(scene, d, 1)));
          scene.thread("detach", () -> scene.stage().space().detach(device));
        });
  }

  private static void unlessGone(Runnable change) {
    try {
      change.run();
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContaining("being detached");
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("not attached");
    }
  }

  /** Only a larger quota helps: the kernel waits for who waits for room. */
  private static void grows(Scene scene, BiConsumer<FakeDevice, Integer> change) {
    FakeDevice d = scene.stage().faultless("d0").memoryBytes(2 * GRANULE);
    FakeCompute compute = d.computes();
    scene.stage().attach(d);
    quota(scene, d, 1);
    MemorySegment a = scene.stage().granules(1);
    MemorySegment b = scene.stage().granules(1);
    Kernel k = scene.stage().kernel(d, "k READ_WRITE");
    Scene.Waitable[] transfer = new Scene.Waitable[1];
    scene.kernels(d, compute, launch -> transfer[0].join());
    scene.thread(
        "user",
        () -> {
          transfer[0] = scene.prefetch(b, d);
          scene.launch(k, a).join();
        });
    scene.thread("quota", () -> change.accept(d, 2));
  }

  @Test
  void aLargerQuotaIsAllThatWhoWaitsNeeds() {
    many(1, scene -> grows(scene, (d, granules) -> quota(scene, d, granules)));
  }

  @Test
  void aFaultMeetsALargerQuota() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(2 * GRANULE);
          scene.stage().attach(d);
          quota(scene, d, 1);
          long a = scene.stage().granules(1).address();
          long b = scene.stage().granules(1).address();
          d.write(a, 1, 7);
          scene.thread("dev", () -> d.write(b, 1, 1));
          scene.thread("quota", () -> quota(scene, d, 2));
        });
  }

  // ---- the exploration can fail ----

  private static Throwable failure(String what, Consumer<Scene> scenario) {
    Explorer few = new Explorer(Mode.ALL).preemptions(1).faults(1);
    Result result = Scene.explore(what, few, Flaw.NONE, scenario);
    return result.failure();
  }

  private static void changeSilently(Scene scene, FakeDevice d, int granules) {
    scene.point("quota");
    EngineProbe.quota(SpaceProbe.slot(scene.stage().view(d)), (long) granules * GRANULE);
  }

  @Test
  void whoIsNotToldOfALargerQuotaWaitsForEver() {
    Throwable failure =
        failure(
            "a quota that grows in silence",
            scene -> grows(scene, (d, granules) -> changeSilently(scene, d, granules)));
    assertThat(failure).isInstanceOf(AssertionError.class);
  }

  @Test
  void aSmallerQuotaThatEvictsNothingIsExceeded() {
    Throwable failure =
        failure(
            "a quota that shrinks without eviction",
            scene -> {
              FakeDevice d = scene.stage().fake("d0").memoryBytes(2 * GRANULE);
              scene.stage().attach(d);
              scene.bring(scene.stage().granules(2), d);
              scene.thread("quota", () -> changeSilently(scene, d, 1));
            });
    assertThat(failure).isInstanceOf(AssertionError.class).hasMessageContaining("the quota is");
  }
}
