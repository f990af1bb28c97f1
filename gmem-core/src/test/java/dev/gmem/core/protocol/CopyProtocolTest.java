package dev.gmem.core.protocol;

import dev.gmem.Kernel;
import dev.gmem.core.engine.Copier;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.space.SpaceProbe;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

/**
 * Every interleaving of copies with what moves their source and their destination. The source is
 * not written meanwhile; of the destination nobody touches the bytes that are copied.
 */
class CopyProtocolTest {
  private static final int GRANULE = Stage.GRANULE;
  private String name;

  @BeforeEach
  void remember(TestInfo info) {
    name = info.getTestMethod().orElseThrow().getName();
  }

  private void many(int faults, Consumer<Scene> scenario) {
    Scene.many(name, faults, scenario);
  }

  private static FakeDevice copying(Scene scene, String id) {
    FakeDevice device = scene.stage().fake(id).protects().copies().with(GmCapability.PEER_COPY);
    scene.stage().attach(device);
    return device;
  }

  /** Copies a byte, and then sees to it that it has arrived. */
  private static void copyByte(Scene scene, MemorySegment to, MemorySegment from, int value) {
    scene.waitable(scene.stage().space().copyAsync(to, from)).join();
    scene.host().reference().put(to.address(), new byte[] {(byte) value});
    scene.host().read(to.address(), 1);
  }

  @Test
  void aCopyMeetsTheCpuAndADeviceThatTakeItsGranules() {
    many(
        2,
        scene -> {
          FakeDevice d = copying(scene, "d0");
          MemorySegment s = scene.stage().granules(2);
          d.write(s.address(), 1, 7);
          scene.thread("user", () -> copyByte(scene, s.asSlice(GRANULE, 1), s.asSlice(0, 1), 7));
          scene.thread("cpu", () -> scene.host().write(s.address() + 1, 1, 1));
          scene.thread("dev", () -> d.write(s.address() + GRANULE + 1, 1, 2));
        });
  }

  @Test
  void twoCopiesInOppositeDirectionsDoNotWaitForEachOther() {
    many(
        1,
        scene -> {
          FakeDevice d = copying(scene, "d0");
          FakeDevice e = copying(scene, "d1");
          MemorySegment s = scene.stage().granules(2);
          d.write(s.address(), 1, 7);
          e.write(s.address() + GRANULE, 1, 8);
          MemorySegment low = s.asSlice(0, GRANULE);
          MemorySegment high = s.asSlice(GRANULE, GRANULE);
          // Straight to the engine: the queue would have them wait for each other.
          var copier = SpaceProbe.engine(scene.stage().space()).copier();
          var vma = SpaceProbe.vma(scene.stage().space(), s);
          scene.thread("up", () -> copier.copy(side(vma, high, 10), side(vma, low, 0)));
          scene.thread("down", () -> copier.copy(side(vma, low, 20), side(vma, high, 0)));
        });
  }

  private static Copier.Side side(Vma vma, MemorySegment segment, int offset) {
    return new Copier.Side(vma, segment.asSlice(offset, 1));
  }

  @Test
  void aCopyMeetsAnEvictionAndAReplica() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").protects().copies().memoryBytes(2 * GRANULE);
          scene.stage().attach(d);
          MemorySegment s = scene.stage().granules(3);
          d.write(s.address(), 1, 7);
          d.read(s.address() + GRANULE, 1);
          scene.thread("user", () -> copyByte(scene, s.asSlice(GRANULE, 1), s.asSlice(0, 1), 7));
          scene.thread("dev", () -> d.write(s.address() + 2 * GRANULE, 1, 3));
        });
  }

  @Test
  void aCopyStandsBetweenTwoLaunches() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().faultless("d0").protects().copies();
          FakeCompute compute = d.computes();
          scene.stage().attach(d);
          scene.kernels(d, compute, launch -> d.write(launch.address(0) + 8, 1, 5));
          Kernel k = scene.stage().kernel(d, "k READ_WRITE");
          MemorySegment s = scene.stage().granules(2);
          scene.host().write(s.address(), 1, 7);
          scene.thread(
              "user",
              () -> {
                MemorySegment to = s.asSlice(GRANULE, GRANULE);
                scene.launch(k, s.asSlice(0, GRANULE));
                scene.stage().space().copyAsync(to, s.asSlice(0, GRANULE));
                scene.launch(k, to).join();
                scene.host().reference().put(to.address(), new byte[] {7});
                scene.host().read(to.address(), 1);
              });
        });
  }

  @Test
  void aCopyMeetsADetach() {
    many(
        1,
        scene -> {
          FakeDevice d = copying(scene, "d0");
          MemorySegment s = scene.stage().granules(2);
          d.write(s.address(), 1, 7);
          scene.thread("user", () -> copyByte(scene, s.asSlice(GRANULE, 1), s.asSlice(0, 1), 7));
          scene.thread("admin", () -> scene.stage().space().detach(scene.stage().view(d)));
        });
  }
}
