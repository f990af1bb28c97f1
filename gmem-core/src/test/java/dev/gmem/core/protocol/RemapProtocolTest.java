package dev.gmem.core.protocol;

import dev.gmem.IllegalDeviceAccessException;
import dev.gmem.Kernel;
import dev.gmem.KernelLaunchException;
import dev.gmem.UnmappedMemoryException;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** Every interleaving of what takes memory from under accesses, launches, and a close. */
class RemapProtocolTest {
  private static final int GRANULE = Stage.GRANULE;
  private String name;

  @BeforeEach
  void remember(TestInfo info) {
    name = info.getTestMethod().orElseThrow().getName();
  }

  private void many(int faults, Consumer<Scene> scenario) {
    Scene.many(name, faults, scenario);
  }

  /** An access that comes too late must fail in that way; one that comes in time must not. */
  private static boolean unlessGone(Runnable access) {
    try {
      access.run();
      return true;
    } catch (UnmappedMemoryException | IllegalDeviceAccessException e) {
      return false;
    }
  }

  @Test
  void aPartIsGivenBackWhileTheCpuAndADeviceUseIt() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(2);
          d.write(s.address(), 1, 7);
          scene.thread("user", () -> scene.stage().space().unmap(s.asSlice(0, GRANULE)));
          scene.thread("cpu", () -> unlessGone(() -> scene.host().write(s.address() + 1, 1, 1)));
          scene.thread("dev", () -> unlessGone(() -> d.write(s.address() + 2, 1, 2)));
        });
  }

  @Test
  void aPartIsGivenBackWhileTheRestMoves() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(3);
          scene.host().write(s.address() + GRANULE, 1, 7);
          scene.thread("user", () -> scene.stage().space().unmap(s.asSlice(GRANULE, GRANULE)));
          scene.thread(
              "dev",
              () -> {
                d.write(s.address(), 1, 1);
                d.write(s.address() + 2 * GRANULE, 1, 2);
              });
          scene.thread("cpu", () -> scene.host().write(s.address() + 1, 1, 3));
        });
  }

  @Test
  void aPartIsGivenBackWhileItsArenaCloses() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(2);
          d.write(s.address(), 1, 7);
          scene.thread(
              "user",
              () -> Scene.unlessClosed(() -> scene.stage().space().unmap(s.asSlice(0, GRANULE))));
          scene.thread("closer", () -> scene.stage().arena().close());
        });
  }

  @Test
  void aPartIsGivenBackWhileANativeCallPins() {
    many(
        1,
        scene -> {
          MemorySegment s = scene.stage().granules(2);
          scene.thread("user", () -> scene.stage().space().unmap(s.asSlice(0, GRANULE)));
          scene.thread(
              "cpu",
              () -> {
                if (unlessGone(() -> scene.host().pin(s.address()))) {
                  scene.host().writePinned(s.address() + 1, 1, 1);
                  scene.host().unpin(s.address());
                }
              });
        });
  }

  @Test
  void aPartIsGivenBackAmongLaunches() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().faultless("d0");
          FakeCompute compute = d.computes();
          scene.stage().attach(d);
          scene.kernels(d, compute, launch -> d.write(launch.address(0), 1, 5));
          Kernel k = scene.stage().kernel(d, "k READ_WRITE");
          MemorySegment s = scene.stage().granules(2);
          scene.thread(
              "launcher",
              () -> {
                scene.launch(k, s.asSlice(GRANULE, GRANULE)).join();
                try {
                  scene.launch(k, s).join();
                } catch (UnmappedMemoryException | KernelLaunchException e) {
                  // it came too late
                }
              });
          scene.thread("user", () -> scene.stage().space().unmap(s.asSlice(0, GRANULE)));
        });
  }

  @Test
  void noWriteIsLostBetweenTheOldPlaceAndTheNew() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment s = scene.stage().granules(1);
          MemorySegment t = scene.stage().granules(1);
          scene.host().write(s.address(), 1, 7);
          scene.thread("user", () -> scene.stage().space().remap(t, s));
          scene.thread(
              "cpu",
              () -> {
                if (!unlessGone(() -> scene.host().write(s.address() + 1, 1, 1))) {
                  scene.host().read(t.address(), 2);
                }
              });
          scene.thread("dev", () -> unlessGone(() -> d.write(s.address() + 2, 1, 2)));
        });
  }

  @Test
  void contentsMoveDownwardsWhileBothPlacesAreUsed() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          MemorySegment t = scene.stage().granules(1);
          MemorySegment s = scene.stage().granules(1);
          d.write(s.address(), 1, 7);
          d.write(t.address() + 3, 1, 9);
          scene.thread("user", () -> scene.stage().space().remap(t, s));
          scene.thread("cpu", () -> scene.host().write(t.address() + 1, 1, 1));
          scene.thread("dev", () -> unlessGone(() -> d.write(s.address() + 2, 1, 2)));
        });
  }

  @Test
  void twoMovesCross() {
    many(
        1,
        scene -> {
          MemorySegment s = scene.stage().granules(2);
          MemorySegment t = scene.stage().granules(2);
          scene.host().write(s.address(), 1, 7);
          scene.host().write(t.address() + GRANULE, 1, 8);
          scene.thread(
              "up",
              () -> scene.stage().space().remap(t.asSlice(0, GRANULE), s.asSlice(0, GRANULE)));
          scene.thread(
              "down",
              () ->
                  scene
                      .stage()
                      .space()
                      .remap(s.asSlice(GRANULE, GRANULE), t.asSlice(GRANULE, GRANULE)));
        });
  }

  @Test
  void aMoveMeetsTheCloseOfWhereItGoes() {
    many(
        1,
        scene -> {
          var arena = scene.stage().space().arena();
          MemorySegment s = scene.stage().granules(1);
          MemorySegment t = arena.allocate(GRANULE, GRANULE);
          scene.host().write(s.address(), 1, 7);
          scene.thread("user", () -> Scene.unlessClosed(() -> scene.stage().space().remap(t, s)));
          scene.thread("closer", arena::close);
          scene.thread("cpu", () -> unlessGone(() -> scene.host().write(s.address(), 1, 8)));
        });
  }

  /**
   * The launch takes the CPU's permission first, and the move must wait for a store all the same.
   */
  @Test
  void aMoveMeetsALaunchAndAStoreThatIsUnderWay() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().faultless("d0");
          FakeCompute compute = d.computes();
          scene.stage().attach(d);
          scene.kernels(d, compute, launch -> d.write(launch.address(0), 1, 5));
          Kernel k = scene.stage().kernel(d, "k READ_WRITE");
          MemorySegment s = scene.stage().granules(1);
          MemorySegment t = scene.stage().granules(1);
          scene.thread("user", () -> scene.stage().space().remap(t, s));
          scene.thread("cpu", () -> unlessGone(() -> scene.host().write(s.address() + 1, 1, 1)));
          scene.thread("launcher", () -> unlessGone(() -> scene.launch(k, s).join()));
        });
  }
}
