package dev.gmem.core.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.Kernel;
import dev.gmem.KernelLaunchException;
import dev.gmem.core.engine.Hold;
import dev.gmem.core.engine.Holds;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/**
 * Every interleaving of launches with accesses, with each other, and with what takes memory away.
 */
class LaunchProtocolTest {
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

  /** A device without faults whose kernels write what they write, and read what they read. */
  static FakeDevice faultless(Scene scene, String id) {
    return computing(scene, scene.stage().faultless(id));
  }

  private static FakeDevice computing(Scene scene, FakeDevice device) {
    FakeCompute compute = device.computes();
    scene.stage().attach(device);
    scene.kernels(
        device,
        compute,
        launch -> {
          for (int i = 0; i < launch.arguments().size(); i++) {
            long address = launch.address(i);
            if (launch.kernel().charAt(i) == 'w') {
              device.write(address, 1, 5 + i);
            } else {
              device.read(address, 1);
            }
          }
        });
    return device;
  }

  static Kernel kernel(Scene scene, FakeDevice device, String modes) {
    StringBuilder source = new StringBuilder(modes);
    for (char mode : modes.toCharArray()) {
      source.append(mode == 'w' ? " READ_WRITE" : " READ");
    }
    return scene.stage().kernel(device, source.toString());
  }

  @Test
  void aKernelWritesWhatTheCpuWrites() {
    many(
        2,
        scene -> {
          FakeDevice d = faultless(scene, "d0");
          MemorySegment s = scene.stage().granules(1);
          Kernel k = kernel(scene, d, "w");
          scene.thread("cpu", () -> scene.host().write(s.address() + 1, 1, 2));
          scene.thread("user", () -> scene.launch(k, s).join());
        });
  }

  @Test
  void theCpuSeesWhatAKernelWroteThatItHasLaunchedBefore() {
    every(
        2,
        scene -> {
          FakeDevice d = faultless(scene, "d0");
          MemorySegment s = scene.stage().granules(1);
          Kernel k = kernel(scene, d, "w");
          scene.thread(
              "user",
              () -> {
                scene.host().write(s.address(), 1, 1);
                Scene.Waitable launch = scene.launch(k, s);
                assertThat(scene.host().read(s.address(), 1)).isEqualTo(5);
                assertThat(launch.isDone()).isTrue();
              });
        });
  }

  @Test
  void theCpuReadsWhatAKernelReadsThatTheDeviceOwns() {
    many(
        1,
        scene -> {
          FakeDevice d = faultless(scene, "d0");
          MemorySegment s = scene.stage().granules(1);
          Kernel writes = kernel(scene, d, "w");
          Kernel reads = kernel(scene, d, "r");
          scene.thread(
              "user",
              () -> {
                scene.launch(writes, s).join();
                scene.launch(reads, s).join();
              });
          scene.thread("cpu", () -> scene.host().read(s.address(), 1));
        });
  }

  @Test
  void aDeviceReadsWhatAKernelOfAnotherReads() {
    many(
        1,
        scene -> {
          FakeDevice d = faultless(scene, "d0");
          FakeDevice e = scene.stage().device("d1");
          MemorySegment s = scene.stage().granules(1);
          Kernel reads = kernel(scene, d, "r");
          scene.thread("cpu", () -> scene.host().write(s.address(), 1, 1));
          scene.thread("user", () -> scene.launch(reads, s).join());
          scene.thread("d1", () -> e.read(s.address(), 1));
        });
  }

  @Test
  void twoKernelsOfTwoDevicesReadWhatTheCpuWrites() {
    many(
        1,
        scene -> {
          FakeDevice d = faultless(scene, "d0");
          FakeDevice e = faultless(scene, "d1");
          MemorySegment s = scene.stage().granules(1);
          Kernel reads = kernel(scene, d, "r");
          Kernel readsToo = kernel(scene, e, "r");
          scene.thread("cpu", () -> scene.host().write(s.address(), 1, 1));
          scene.thread("user0", () -> scene.launch(reads, s));
          scene.thread("user1", () -> scene.launch(readsToo, s));
        });
  }

  @Test
  void twoKernelsReadWhatTheOtherDeviceOwns() {
    many(
        1,
        scene -> {
          FakeDevice d = faultless(scene, "d0");
          FakeDevice e = faultless(scene, "d1");
          MemorySegment s = scene.stage().granules(1);
          MemorySegment t = scene.stage().granules(1);
          scene.bring(s, d);
          scene.bring(t, e);
          Kernel reads = kernel(scene, d, "rr");
          Kernel readsToo = kernel(scene, e, "rr");
          scene.thread("user0", () -> scene.launch(reads, s, t));
          scene.thread("user1", () -> scene.launch(readsToo, t, s));
        });
  }

  @Test
  void aKernelThatFaultsGoesOnWhileALaterLaunchWaitsForIt() {
    every(
        1,
        scene -> {
          FakeDevice r = computing(scene, scene.stage().fake("r"));
          FakeDevice d = faultless(scene, "d0");
          MemorySegment s = scene.stage().granules(1);
          Kernel first = kernel(scene, r, "w");
          Kernel second = kernel(scene, d, "w");
          scene.thread(
              "user",
              () -> {
                scene.launch(first, s);
                scene.launch(second, s).join();
              });
        });
  }

  @Test
  void twoLaunchesShareTheRoomOfADevice() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().faultless("d0").memoryBytes(2 * GRANULE);
          computing(scene, d);
          MemorySegment a = scene.stage().granules(1);
          MemorySegment b = scene.stage().granules(1);
          MemorySegment c = scene.stage().granules(1);
          Kernel k = kernel(scene, d, "ww");
          scene.thread("user0", () -> scene.launch(k, a, b).join());
          scene.thread("user1", () -> scene.launch(k, b, c).join());
        });
  }

  @Test
  void aLaunchInPlaceDoesNotStarveOneThatNeedsRoom() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().faultless("d0").memoryBytes(2 * GRANULE);
          computing(scene, d);
          MemorySegment a = scene.stage().granules(1);
          MemorySegment b = scene.stage().granules(1);
          MemorySegment c = scene.stage().granules(1);
          scene.bring(a, d);
          Kernel one = kernel(scene, d, "r");
          Kernel two = kernel(scene, d, "ww");
          scene.thread("user0", () -> scene.launch(one, a).join());
          scene.thread("user1", () -> scene.launch(two, b, c).join());
        });
  }

  @Test
  void aPinHoldsALaunchUpAndNothingElse() {
    every(
        1,
        scene -> {
          FakeDevice d = faultless(scene, "d0");
          MemorySegment s = scene.stage().granules(1);
          Kernel k = kernel(scene, d, "w");
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

  /** A device whose kernels fail, and leave something of their own in what they overwrite. */
  private static Kernel failing(Scene scene) {
    FakeDevice d = scene.stage().faultless("d0");
    FakeCompute compute = d.computes();
    scene.stage().attach(d);
    scene.kernels(
        d,
        compute,
        launch -> {
          d.scribble(launch.address(0), 99);
          launch.end().completeExceptionally(new IllegalStateException("trap"));
        });
    return scene.stage().kernel(d, "o OVERWRITE");
  }

  private static void fails(Scene scene, Kernel kernel, MemorySegment segment) {
    try {
      scene.launch(kernel, segment).join();
      throw new AssertionError("it did not fail");
    } catch (KernelLaunchException expected) {
      assertThat(expected).hasRootCauseMessage("trap");
    }
  }

  @Test
  void theCpuFindsWhatAKernelThatFailedWasToOverwrite() {
    many(
        2,
        scene -> {
          MemorySegment s = scene.stage().granules(1);
          Kernel k = failing(scene);
          scene.host().write(s.address(), 1, 1);
          scene.thread("user", () -> fails(scene, k, s));
          scene.thread(
              "cpu",
              () -> {
                scene.host().read(s.address(), 1);
                scene.host().write(s.address(), 1, 2);
              });
        });
  }

  @Test
  void anotherDeviceFindsWhatAKernelThatFailedWasToOverwrite() {
    many(
        1,
        scene -> {
          FakeDevice e = scene.stage().device("d1");
          MemorySegment s = scene.stage().granules(1);
          Kernel k = failing(scene);
          e.write(s.address(), 1, 1);
          scene.thread("user", () -> fails(scene, k, s));
          scene.thread("d1", () -> e.read(s.address(), 1));
        });
  }

  @Test
  void theNextLaunchFindsWhatAKernelThatFailedWasToOverwrite() {
    many(
        1,
        scene -> {
          FakeDevice e = faultless(scene, "d1");
          MemorySegment s = scene.stage().granules(1);
          Kernel fails = failing(scene);
          Kernel reads = kernel(scene, e, "r");
          scene.host().write(s.address(), 1, 1);
          scene.thread(
              "user",
              () -> {
                Scene.Waitable first = scene.launch(fails, s);
                scene.launch(reads, s).join();
                assertThat(first.isDone()).isTrue();
              });
        });
  }

  // ---- devices on the host's frames ----

  /**
   * A device on the host's frames whose kernels write what they write, and check what they read.
   */
  private static FakeDevice sharing(Scene scene, String id) {
    return sharing(scene, scene.stage().faultless(id));
  }

  static FakeDevice sharing(Scene scene, FakeDevice device) {
    device.with(GmCapability.HOST_COHERENT);
    FakeCompute compute = device.computes();
    scene.stage().attach(device);
    scene.kernels(
        device,
        compute,
        launch -> {
          for (int i = 0; i < launch.arguments().size(); i++) {
            long address = launch.address(i);
            if (launch.kernel().charAt(i) == 'w') {
              scene.host().writePinned(address, 1, 5 + i);
            } else {
              assertThat(scene.host().readPinned(address, 1)).isEqualTo(1);
            }
          }
        });
    return device;
  }

  @Test
  void theCpuSeesWhatAKernelWroteOnTheHostsFrames() {
    every(
        2,
        scene -> {
          FakeDevice h = sharing(scene, "h0");
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
  void aKernelOnTheHostsFramesReadsWhatWasThereWhenItWasLaunched() {
    every(
        2,
        scene -> {
          FakeDevice h = sharing(scene, "h0");
          MemorySegment s = scene.stage().granules(1);
          Kernel k = kernel(scene, h, "r");
          scene.thread(
              "user",
              () -> {
                scene.host().write(s.address(), 1, 1);
                Scene.Waitable launch = scene.launch(k, s);
                scene.host().read(s.address(), 1);
                scene.host().write(s.address(), 1, 2);
                assertThat(launch.isDone()).isTrue();
              });
          scene.thread("cpu", () -> scene.host().read(s.address(), 1));
        });
  }

  @Test
  void nothingChangesUnderAKernelOnTheHostsFrames() {
    every(
        1,
        scene -> {
          FakeDevice h = scene.stage().faultless("h0").with(GmCapability.HOST_COHERENT);
          FakeCompute compute = h.computes();
          scene.stage().attach(h);
          scene.kernels(
              h,
              compute,
              launch -> {
                long first = scene.host().readPinned(launch.address(0), 1);
                assertThat(scene.host().readPinned(launch.address(0), 1)).isEqualTo(first);
              });
          MemorySegment s = scene.stage().granules(1);
          Kernel k = kernel(scene, h, "r");
          scene.thread("cpu", () -> scene.host().write(s.address(), 1, 1));
          scene.thread("user", () -> scene.launch(k, s));
        });
  }

  /** The hold has taken the CPU's permission, but not yet made its handshake: the fault does. */
  @Test
  void aDeviceFaultsWhileAHoldIsBeingPlaced() {
    Scene.withinTwoPreemptions(
        name,
        1,
        scene -> {
          FakeDevice d = scene.stage().faultless("d0");
          scene.stage().attach(d);
          FakeDevice e = scene.stage().device("d1");
          MemorySegment s = scene.stage().granules(1);
          Hold hold = scene.hold(d, s);
          Holds holds = SpaceProbe.engine(scene.stage().space()).holds();
          scene.thread("cpu", () -> scene.host().write(s.address(), 1, 1));
          scene.thread("dev", () -> e.write(s.address() + 1, 1, 2));
          scene.thread(
              "user",
              () -> {
                holds.place(hold);
                scene.point("handshake to come");
                holds.quiesce(List.of(hold));
                holds.lift(hold, true);
              });
        });
  }

  @Test
  void anotherDeviceWantsWhatAKernelOnTheHostsFramesUses() {
    every(
        1,
        scene -> {
          FakeDevice h = sharing(scene, "h0");
          FakeDevice e = scene.stage().device("d1");
          MemorySegment s = scene.stage().granules(1);
          Kernel k = kernel(scene, h, "w");
          e.write(s.address() + 1, 1, 7);
          scene.thread("user", () -> scene.launch(k, s).join());
          scene.thread("d1", () -> e.write(s.address() + 2, 1, 3));
        });
  }

  @Test
  void aDeviceOnTheHostsFramesSeesWhatAnotherDeviceWrote() {
    many(
        1,
        scene -> {
          FakeDevice d = faultless(scene, "d0");
          FakeDevice h = sharing(scene, "h0");
          MemorySegment s = scene.stage().granules(1);
          Kernel writes = kernel(scene, d, "ww");
          Kernel reads = kernel(scene, h, "w");
          scene.thread(
              "user",
              () -> {
                scene.launch(writes, s.asSlice(1), s);
                scene.launch(reads, s);
                assertThat(scene.host().read(s.address(), 2)).isEqualTo(5 << 8 | 5);
              });
        });
  }
}
