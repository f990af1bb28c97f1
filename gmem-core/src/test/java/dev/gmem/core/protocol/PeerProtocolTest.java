package dev.gmem.core.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.core.testing.Explorer;
import dev.gmem.core.testing.Explorer.Mode;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.FakeHost.Flaw;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every interleaving of moves between devices with whoever else wants the same granules. */
class PeerProtocolTest {
  private static final int GRANULE = Stage.GRANULE;
  private String name;

  @BeforeEach
  void remember(TestInfo info) {
    name = info.getTestMethod().orElseThrow().getName() + " " + info.getDisplayName();
  }

  private void many(int faults, Consumer<Scene> scenario) {
    Scene.many(name, faults, scenario);
  }

  private static FakeDevice peer(Scene scene, String id) {
    FakeDevice device = scene.stage().fake(id).moves().with(GmCapability.PEER_COPY);
    scene.stage().attach(device);
    return device;
  }

  private static void twoWrite(Scene scene, FakeDevice d, FakeDevice e) {
    long a = scene.stage().granules(1).address();
    d.write(a, 1, 1);
    scene.thread(
        "d0",
        () -> {
          d.write(a + 1, 1, 2);
          d.read(a, 2);
        });
    scene.thread(
        "d1",
        () -> {
          e.write(a, 1, 3);
          e.read(a, 2);
        });
  }

  @Test
  void twoPeersWriteTheSameGranule() {
    many(2, scene -> twoWrite(scene, peer(scene, "d0"), peer(scene, "d1")));
  }

  @Test
  void aPeerTakesWhatTheCpuReads() {
    many(
        2,
        scene -> {
          FakeDevice d = peer(scene, "d0");
          FakeDevice e = peer(scene, "d1");
          long a = scene.stage().granules(1).address();
          d.write(a, 1, 7);
          scene.thread("cpu", () -> scene.host().read(a, 1));
          scene.thread("d1", () -> e.write(a + 1, 1, 1));
          scene.thread("d0", () -> d.read(a, 2));
        });
  }

  @Test
  void peersTakeFromEachOtherWhatBothAreFullOf() {
    many(
        2,
        scene -> {
          FakeDevice d = scene.stage().fake("d0").moves().with(GmCapability.PEER_COPY);
          FakeDevice e = scene.stage().fake("d1").moves().with(GmCapability.PEER_COPY);
          scene.stage().attach(d.memoryBytes(GRANULE));
          scene.stage().attach(e.memoryBytes(GRANULE));
          long a = scene.stage().granules(2).address();
          d.write(a, 1, 1);
          e.write(a + GRANULE, 1, 2);
          scene.thread("d0", () -> d.write(a + GRANULE, 1, 3));
          scene.thread("d1", () -> e.write(a, 1, 4));
        });
  }

  @Test
  void theFirstPeerIsDetachedMeanwhile() {
    many(
        1,
        scene -> {
          FakeDevice d = peer(scene, "d0");
          FakeDevice e = peer(scene, "d1");
          long a = scene.stage().granules(1).address();
          d.write(a, 1, 7);
          scene.thread("d1", () -> e.write(a + 1, 1, 1));
          scene.thread("admin", () -> scene.stage().space().detach(scene.stage().view(d)));
        });
  }

  /** Call number {@code failing} of those that move anything comes back with an error. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void aCallFailsAndTheValidCopyStaysValid(int failing) {
    many(
        2,
        scene -> {
          FakeDevice d = peer(scene, "d0");
          FakeDevice e = peer(scene, "d1");
          int[] calls = {-1}; // the first one is the one before the threads
          for (FakeDevice device : new FakeDevice[] {d, e}) {
            device.answer(
                call ->
                    call.kind() != Kind.VA_ALLOC && calls[0]++ == failing
                        ? GmStatus.DMA_ERROR
                        : GmStatus.SUCCESS);
          }
          long a = scene.stage().granules(1).address();
          d.write(a, 1, 7);
          scene.thread("d0", () -> Scene.insist(() -> d.write(a + 1, 1, 1)));
          scene.thread("d1", () -> Scene.insist(() -> e.write(a, 1, 2)));
        });
  }

  @Test
  void aMoveThatLeavesTheOldOwnerItsAccessMeanwhileIsFound() {
    Explorer explorer = new Explorer(Mode.ALL).preemptions(1).faults(2);
    Explorer.Result result =
        Scene.explore(
            name,
            explorer,
            Flaw.NONE,
            scene -> {
              FakeDevice d = scene.stage().fake("d0").moves().with(GmCapability.PEER_COPY);
              FakeDevice e = scene.stage().fake("d1").movesEarly().with(GmCapability.PEER_COPY);
              scene.stage().attach(d);
              scene.stage().attach(e);
              twoWrite(scene, d, e);
            });
    assertThat(result.failure())
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("last written was");
  }
}
