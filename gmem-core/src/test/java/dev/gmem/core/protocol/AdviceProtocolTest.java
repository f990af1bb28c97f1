package dev.gmem.core.protocol;

import dev.gmem.Advice;
import dev.gmem.Kernel;
import dev.gmem.PinnedMemoryException;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Every interleaving of advice with accesses, launches, and what takes memory away. */
class AdviceProtocolTest {
  private static final int GRANULE = Stage.GRANULE;
  private String name;

  @BeforeEach
  void remember(TestInfo info) {
    name = info.getTestMethod().orElseThrow().getName();
  }

  private void many(int faults, Consumer<Scene> scenario) {
    Scene.many(name, faults, scenario);
  }

  private static Scene.Waitable advise(Scene scene, MemorySegment segment, Advice advice) {
    return scene.waitable(scene.stage().space().advise(segment, advice));
  }

  private static FakeDevice protecting(Scene scene, String id) {
    FakeDevice device = scene.stage().fake(id).protects().copies();
    scene.stage().attach(device);
    return device;
  }

  @Test
  void whatIsNotNeededIsDroppedWhileTheCpuAndADeviceWriteIt() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          d.write(s.address(), 1, 7);
          scene.thread("user", () -> advise(scene, s, Advice.dontNeed()).join());
          scene.thread("cpu", () -> scene.host().write(s.address() + 1, 1, 1));
          scene.thread("dev", () -> d.write(s.address() + 2, 1, 2));
        });
  }

  @Test
  void whatIsNotNeededIsDroppedWhileReplicasAreRead() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(2);
          scene.host().write(s.address(), 1, 7);
          d.read(s.address(), 1);
          scene.thread("user", () -> advise(scene, s, Advice.dontNeed()).join());
          scene.thread("cpu", () -> scene.host().read(s.address(), 1));
          scene.thread("dev", () -> d.read(s.address() + GRANULE, 1));
        });
  }

  @Test
  void whatIsNotNeededMeetsAFree() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          d.write(s.address(), 1, 7);
          scene.thread(
              "user", () -> Scene.unlessClosed(() -> advise(scene, s, Advice.dontNeed()).join()));
          scene.thread("closer", () -> scene.stage().arena().close());
        });
  }

  @Test
  void whatIsNotNeededStandsBetweenTwoLaunches() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().faultless("d0");
          FakeCompute compute = d.computes();
          scene.stage().attach(d);
          scene.kernels(
              d,
              compute,
              launch -> {
                d.read(launch.address(0), 1);
                d.write(launch.address(0), 1, 5);
              });
          Kernel k = scene.stage().kernel(d, "k READ_WRITE");
          MemorySegment s = scene.stage().granules(1);
          scene.thread(
              "user",
              () -> {
                scene.launch(k, s);
                advise(scene, s, Advice.dontNeed());
                scene.launch(k, s).join();
              });
          scene.thread("cpu", () -> scene.host().read(s.address(), 1));
        });
  }

  @Test
  void anOwnerKeepsACopyOfWhatIsReadMostlyWhileItWrites() {
    many(
        2,
        scene -> {
          FakeDevice d = protecting(scene, "d0");
          MemorySegment s = scene.stage().granules(1);
          scene.stage().space().advise(s, Advice.readMostly());
          d.write(s.address(), 1, 7);
          scene.thread("cpu", () -> scene.host().read(s.address(), 2));
          scene.thread("dev", () -> d.write(s.address() + 1, 1, 2));
        });
  }

  @Test
  void anOwnerKeepsACopyByMappingAgainWhileItWrites() {
    many(
        2,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          scene.stage().space().advise(s, Advice.readMostly());
          d.write(s.address(), 1, 7);
          scene.thread("cpu", () -> scene.host().read(s.address(), 2));
          scene.thread("dev", () -> d.write(s.address() + 1, 1, 2));
        });
  }

  @Test
  void anOwnerKeepsACopyWhileAnotherDeviceReadsAndTheCpuWrites() {
    many(
        2,
        scene -> {
          FakeDevice d = protecting(scene, "d0");
          FakeDevice e = protecting(scene, "d1");
          MemorySegment s = scene.stage().granules(1);
          scene.stage().space().advise(s, Advice.readMostly());
          d.write(s.address(), 1, 7);
          scene.thread("dev1", () -> e.read(s.address(), 2));
          scene.thread("cpu", () -> scene.host().write(s.address() + 1, 1, 2));
        });
  }

  @Test
  void aPinMeetsTheCpuAndAnEviction() {
    many(
        2,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(2 * GRANULE);
          scene.stage().attach(d);
          MemorySegment s = scene.stage().granules(2);
          scene.host().write(s.address(), 1, 7);
          scene.thread(
              "user",
              () -> {
                MemorySegment first = s.asSlice(0, GRANULE);
                advise(scene, first, Advice.pin(scene.stage().view(d))).join();
                d.write(s.address() + GRANULE, 1, 3);
                if (!d.maps(s.address())) {
                  throw new AssertionError("what is pinned has gone");
                }
                advise(scene, first, Advice.unpin()).join();
              });
          scene.thread(
              "cpu",
              () -> {
                try {
                  scene.host().write(s.address() + 1, 1, 1);
                } catch (PinnedMemoryException e) {
                  scene.host().read(s.address() + 1, 1);
                }
              });
        });
  }

  @Test
  void adviceChangesWhileGranulesMove() {
    many(
        1,
        scene -> {
          FakeDevice d = protecting(scene, "d0");
          MemorySegment s = scene.stage().granules(1);
          scene.thread("dev", () -> d.write(s.address(), 1, 2));
          scene.thread("cpu", () -> scene.host().read(s.address(), 1));
          scene.thread(
              "user",
              () -> {
                advise(scene, s, Advice.readMostly());
                var extent = scene.stage().space().residency(s).extents().getFirst();
                if (!extent.advised().readMostly()) {
                  throw new AssertionError("advice was lost");
                }
              });
        });
  }
}
