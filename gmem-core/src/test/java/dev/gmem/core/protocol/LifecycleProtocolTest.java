package dev.gmem.core.protocol;

import dev.gmem.Device;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.Kernel;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Every interleaving of accesses with eviction, pins, closing, attaching and detaching. */
class LifecycleProtocolTest {
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

  // ---- eviction ----

  @Test
  void twoThreadsOfADeviceShareItsOnlyFrame() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(GRANULE);
          scene.stage().attach(d);
          long a = scene.stage().granules(1).address();
          long b = scene.stage().granules(1).address();
          scene.thread("d0a", () -> d.write(a, 1, 1));
          scene.thread("d0b", () -> d.write(b, 1, 2));
        });
  }

  @Test
  void theCpuReadsWhatIsBeingEvicted() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(GRANULE);
          scene.stage().attach(d);
          MemorySegment s = scene.stage().granules(2);
          d.write(s.address(), 1, 7);
          scene.thread("dev", () -> d.write(s.address() + GRANULE, 1, 1));
          scene.thread("cpu", () -> scene.host().read(s.address(), 1));
        });
  }

  @Test
  void aDeviceThatSaysItIsFullIsEvictedFrom() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").realBytes(GRANULE);
          scene.stage().attach(d);
          long a = scene.stage().granules(1).address();
          long b = scene.stage().granules(1).address();
          d.write(a, 1, 7);
          scene.thread("dev", () -> d.write(b, 1, 1));
          scene.thread("cpu", () -> scene.host().write(a, 1, 2));
        });
  }

  @Test
  void twoThreadsOfADeviceWithoutAnyRoomBothLearnIt() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").realBytes(0);
          scene.stage().attach(d);
          long a = scene.stage().granules(1).address();
          long b = scene.stage().granules(1).address();
          scene.thread("d0a", () -> exhausted(() -> d.write(a, 1, 1)));
          scene.thread("d0b", () -> exhausted(() -> d.write(b, 1, 2)));
        });
  }

  private static void exhausted(Runnable access) {
    try {
      access.run();
    } catch (DeviceMemoryExhaustedException e) {
      return;
    }
    throw new AssertionError("there was no room");
  }

  // ---- pins ----

  @Test
  void aPinAndADeviceWantTheSameGranule() {
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
                scene.host().readPinned(s.address(), 1);
                scene.host().unpin(s.address());
              });
          scene.thread("dev", () -> d.write(s.address(), 1, 2));
        });
  }

  @Test
  void twoPinsComeTogether() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          d.write(s.address(), 1, 7);
          for (int i = 0; i < 2; i++) {
            scene.thread(
                "native" + i,
                () -> {
                  scene.host().pin(s.address());
                  scene.host().readPinned(s.address(), 1);
                  scene.host().unpin(s.address());
                });
          }
        });
  }

  @Test
  void aPinMeetsAClose() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          d.write(s.address(), 1, 7);
          scene.thread(
              "native",
              () ->
                  Scene.unlessClosed(
                      () -> {
                        scene.host().pin(s.address());
                        scene.host().readPinned(s.address(), 1);
                        scene.host().unpin(s.address());
                      }));
          scene.thread("closer", () -> closeUnlessPinned(scene));
        });
  }

  private static void closeUnlessPinned(Scene scene) {
    try {
      scene.stage().arena().close();
    } catch (IllegalStateException e) {
      if (!e.getMessage().startsWith("Session is acquired")) {
        throw e;
      }
    }
  }

  // ---- closing ----

  @Test
  void aDeviceAndTheCpuReadWhatIsBeingFreed() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          scene.host().write(s.address(), 1, 7);
          scene.thread("dev", () -> Scene.unlessClosed(() -> d.read(s.address(), 1)));
          scene.thread("cpu", () -> Scene.unlessClosed(() -> scene.host().read(s.address(), 1)));
          scene.thread("closer", () -> scene.stage().arena().close());
        });
  }

  @Test
  void aDeviceWritesWhatIsBeingFreed() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          scene.thread("dev", () -> Scene.unlessClosed(() -> d.write(s.address(), 1, 1)));
          scene.thread("closer", () -> scene.stage().arena().close());
        });
  }

  @Test
  void aLaunchMeetsAClose() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().faultless("d0");
          FakeCompute compute = d.computes();
          scene.stage().attach(d);
          scene.kernels(d, compute, launch -> d.write(launch.address(0), 1, 3));
          MemorySegment s = scene.stage().granules(1);
          Kernel k = scene.stage().kernel(d, "k READ_WRITE");
          scene.thread("user", () -> Scene.unlessClosed(() -> scene.launch(k, s).join()));
          scene.thread("closer", () -> scene.stage().arena().close());
        });
  }

  @Test
  void aLaunchThatFaultsAsItRunsMeetsAClose() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0");
          FakeCompute compute = d.computes();
          scene.stage().attach(d);
          scene.kernels(d, compute, launch -> d.write(launch.address(0), 1, 3));
          MemorySegment s = scene.stage().granules(1);
          Kernel k = scene.stage().kernel(d, "k READ_WRITE");
          scene.thread("user", () -> Scene.unlessClosed(() -> scene.launch(k, s).join()));
          scene.thread("closer", () -> scene.stage().arena().close());
        });
  }

  @Test
  void evictionMeetsAClose() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(GRANULE);
          scene.stage().attach(d);
          MemorySegment s = scene.stage().granules(1);
          Arena other = scene.stage().space().arena();
          MemorySegment t = other.allocate(GRANULE, GRANULE);
          d.write(s.address(), 1, 7);
          scene.thread("dev", () -> d.write(t.address(), 1, 1));
          scene.thread("closer", () -> scene.stage().arena().close());
        });
  }

  @Test
  void twoThreadsCloseTheSpace() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          d.write(s.address(), 1, 7);
          scene.thread("space", () -> scene.stage().space().close());
          scene.thread("arena", () -> Scene.unlessClosed(() -> scene.stage().arena().close()));
        });
  }

  // ---- devices come and go ----

  @Test
  void theCpuReadsWhatALeavingDeviceHolds() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          Device device = scene.stage().view(d);
          MemorySegment s = scene.stage().granules(1);
          d.write(s.address(), 1, 7);
          scene.thread("cpu", () -> scene.host().read(s.address(), 1));
          scene.thread("detach", () -> scene.stage().space().detach(device));
        });
  }

  @Test
  void aLeavingDeviceLetsItsKernelsFaultToTheEnd() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0");
          FakeCompute compute = d.computes();
          scene.stage().attach(d);
          scene.kernels(d, compute, launch -> d.write(launch.address(0), 1, 3));
          Device device = scene.stage().view(d);
          MemorySegment s = scene.stage().granules(1);
          Kernel k = scene.stage().kernel(d, "k READ_WRITE");
          scene.thread(
              "user",
              () -> {
                Scene.Waitable launch;
                try {
                  launch = scene.launch(k, s);
                } catch (IllegalStateException e) {
                  return; // it came too late
                }
                launch.join();
              });
          scene.thread("detach", () -> scene.stage().space().detach(device));
        });
  }

  @Test
  void anAllocationMeetsADeviceThatComes() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0");
          scene.thread("user", () -> scene.stage().granules(1));
          scene.thread("attach", () -> scene.stage().attach(d));
        });
  }

  @Test
  void allocatingAndFreeingMeetADeviceThatGoes() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          Device device = scene.stage().view(d);
          Arena other = scene.stage().space().arena();
          other.allocate(GRANULE, GRANULE);
          scene.thread("user", () -> scene.stage().granules(1));
          scene.thread("closer", other::close);
          scene.thread("detach", () -> scene.stage().space().detach(device));
        });
  }

  @Test
  void anArenaClosesWhileSomebodyAllocates() {
    every(
        1,
        scene -> {
          scene.thread("user", () -> Scene.unlessClosed(() -> scene.stage().granules(1)));
          scene.thread("closer", () -> scene.stage().arena().close());
        });
  }

  @Test
  void aDeviceIsExhaustedOnlyIfAllOfItIsInUse() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().faultless("d0").memoryBytes(GRANULE);
          FakeCompute compute = d.computes();
          scene.stage().attach(d);
          scene.kernels(d, compute, launch -> d.write(launch.address(0), 1, 3));
          MemorySegment a = scene.stage().granules(1);
          MemorySegment b = scene.stage().granules(1);
          Kernel k = scene.stage().kernel(d, "k READ_WRITE");
          scene.thread("user", () -> scene.launch(k, a).join());
          scene.thread(
              "prefetch",
              () -> {
                try {
                  scene.prefetch(b, d).join();
                } catch (DeviceMemoryExhaustedException e) {
                  throw new AssertionError("the kernel will end", e);
                }
              });
        });
  }
}
