package dev.gmem.core.protocol;

import dev.gmem.ArenaOptions;
import dev.gmem.PrefetchPolicy;
import dev.gmem.PrefetchPolicy.Span;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/** What comes along with faults, while others use it. */
class PrefetchProtocolTest {
  private static final int GRANULE = Stage.GRANULE;

  /** Would have all of everything; being a program's, it is asked without the monitor. */
  private static final PrefetchPolicy EVERYTHING =
      fault -> List.of(new Span(0, fault.allocationBytes()));

  private String name;

  @BeforeEach
  void remember(TestInfo info) {
    name = info.getTestMethod().orElseThrow().getName();
  }

  private static Arena arena(Scene scene) {
    return scene.stage().space().arena(ArenaOptions.defaults().withPrefetch(EVERYTHING));
  }

  private static MemorySegment granules(Arena arena, int count) {
    return arena.allocate((long) count * GRANULE, GRANULE);
  }

  @Test
  void aDeviceWritesWhatADenseRangeWouldBringHome() {
    Scene.many(
        name,
        2,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(4).address();
          for (int i = 0; i < 4; i++) {
            d.write(a + (long) i * GRANULE, 1, i);
          }
          scene.host().read(a, 1);
          scene.host().read(a + 2 * GRANULE, 1);
          scene.thread("cpu", () -> scene.host().read(a + GRANULE, 1)); // and the last one
          scene.thread("dev", () -> d.write(a + 3 * GRANULE, 1, 9));
        });
  }

  @Test
  void twoThreadsOfTheCpuBringEachOthersGranulesAlong() {
    Scene.many(
        name,
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = granules(arena(scene), 3).address();
          for (int i = 0; i < 3; i++) {
            d.write(a + (long) i * GRANULE, 1, i);
          }
          scene.thread("cpu0", () -> scene.host().read(a, 1));
          scene.thread("cpu1", () -> scene.host().write(a + 2 * GRANULE, 1, 3));
          scene.thread("dev", () -> d.read(a + GRANULE, 1));
        });
  }

  @Test
  void twoDevicesBringAlongWhatTheCpuWrites() {
    Scene.many(
        name,
        2,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          FakeDevice e = scene.stage().device("d1").protects();
          long a = granules(arena(scene), 3).address();
          scene.host().write(a, 1, 1);
          scene.thread("d0", () -> d.read(a, 1));
          scene.thread("d1", () -> e.write(a + 2 * GRANULE, 1, 2));
          scene.thread("cpu", () -> scene.host().write(a + GRANULE, 1, 3));
        });
  }

  @Test
  void whatComesAlongMeetsADeviceWithoutRoom() {
    Scene.many(
        name,
        2,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").memoryBytes(2 * GRANULE);
          scene.stage().attach(d);
          long a = granules(arena(scene), 4).address();
          scene.thread("d0 a", () -> d.write(a, 1, 1));
          scene.thread("d0 b", () -> d.read(a + 3 * GRANULE, 1));
          scene.thread("cpu", () -> scene.host().read(a + GRANULE, 1));
        });
  }

  @Test
  void whatComesAlongFailsWhileTheCpuWritesIt() {
    Scene.many(
        name,
        3,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = granules(arena(scene), 3).address();
          d.answer(call -> call.range().bytes() > GRANULE ? GmStatus.DMA_ERROR : GmStatus.SUCCESS);
          scene.thread("dev", () -> d.read(a, 1));
          scene.thread("cpu", () -> scene.host().write(a + GRANULE, 1, 1));
        });
  }

  @Test
  void theMemoryIsClosedWhileItsPolicyIsAsked() {
    Scene.many(
        name,
        2,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          Arena arena = arena(scene);
          long a = granules(arena, 2).address();
          d.write(a, 1, 1);
          scene.thread("cpu", () -> Scene.unlessClosed(() -> scene.host().read(a, 1)));
          scene.thread("dev", () -> Scene.unlessClosed(() -> d.write(a + GRANULE, 1, 2)));
          scene.thread("close", arena::close);
        });
  }
}
