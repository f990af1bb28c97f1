package dev.gmem.core.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.core.testing.FakeDevice;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * Granules that bounce, under a scheduler for which a rest is a step like any other: nothing that a
 * fault may rely on afterwards is what it was before. Time stands still, so all that bounces does
 * so to the end.
 */
class BounceProtocolTest {
  private final AtomicLong rests = new AtomicLong();

  @Test
  void theCpuAndADeviceTakeAGranuleFromEachOther() {
    Scene.many(
        "the CPU and a device",
        4,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = bouncing(scene, d);
          scene.thread(
              "cpu",
              () -> {
                scene.host().write(a, 1, 1);
                scene.host().read(a + 1, 1);
              });
          scene.thread(
              "dev",
              () -> {
                d.write(a + 1, 1, 2);
                d.read(a, 1);
              });
        });
    assertThat(rests.get()).isPositive();
  }

  @Test
  void twoDevicesAndTheCpuDo() {
    Scene.many(
        "two devices and the CPU",
        3,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          FakeDevice e = scene.stage().device("d1");
          long a = bouncing(scene, d);
          scene.thread("cpu", () -> scene.host().write(a, 1, 1));
          scene.thread("d0", () -> d.write(a + 1, 1, 2));
          scene.thread("d1", () -> e.write(a + 2, 1, 3));
        });
    assertThat(rests.get()).isPositive();
  }

  @Test
  void itIsFreedWhileAFaultRests() {
    Scene.many(
        "freed",
        3,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          var arena = scene.stage().space().arena();
          long a = arena.allocate(4096, 4096).address();
          bounce(scene, d, a);
          scene.thread("user", arena::close);
          scene.thread("dev", () -> Scene.unlessClosed(() -> d.write(a, 1, 1)));
          scene.thread("cpu", () -> Scene.unlessClosed(() -> scene.host().read(a, 1)));
        });
    assertThat(rests.get()).isPositive();
  }

  @Test
  void itsDeviceDiesWhileAFaultRests() {
    Scene.many(
        "dies",
        3,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = bouncing(scene, d);
          scene.thread("death", () -> d.dieAloud(null));
          scene.thread("dev", () -> Scene.unlessLost(() -> d.write(a, 1, 1)));
          scene.thread("cpu", () -> Scene.unlessLost(() -> scene.host().read(a, 1)));
        });
    assertThat(rests.get()).isPositive();
  }

  private long bouncing(Scene scene, FakeDevice d) {
    long a = scene.stage().granules(1).address();
    bounce(scene, d, a);
    return a;
  }

  private void bounce(Scene scene, FakeDevice d, long a) {
    for (int i = 0; i < 2; i++) {
      d.write(a, 1, i);
      scene.host().write(a, 1, i);
    }
    scene.host().onRest(rests::incrementAndGet);
  }
}
