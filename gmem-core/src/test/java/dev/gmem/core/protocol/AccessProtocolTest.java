package dev.gmem.core.protocol;

import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmStatus;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every interleaving of a few accesses by the CPU and by devices, against a reference memory. */
class AccessProtocolTest {
  private static final int GRANULE = Stage.GRANULE;
  private String name;

  @BeforeEach
  void remember(TestInfo info) {
    name = info.getTestMethod().orElseThrow().getName() + " " + info.getDisplayName();
  }

  private void every(int faults, Consumer<Scene> scenario) {
    Scene.every(name, faults, scenario);
  }

  private void many(int faults, Consumer<Scene> scenario) {
    Scene.many(name, faults, scenario);
  }

  @Test
  void theCpuAndADeviceWriteTheSameGranule() {
    many(
        3,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(1).address();
          scene.thread("cpu", () -> scene.host().write(a, 1, 1));
          scene.thread("dev", () -> d.write(a + 1, 1, 2));
        });
  }

  @Test
  void theCpuAndADeviceReadWhatTheyWrote() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(1).address();
          scene.thread(
              "cpu",
              () -> {
                scene.host().write(a, 1, 1);
                scene.host().read(a, 2);
              });
          scene.thread(
              "dev",
              () -> {
                d.write(a + 1, 1, 2);
                d.read(a, 2);
              });
        });
  }

  @Test
  void theCpuRemembersWhatItMayDoWhileTheGateIsClosed() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(2).address();
          d.write(a + GRANULE, 1, 1); // the gate is closed from now on
          scene.thread(
              "cpu",
              () -> {
                scene.host().write(a, 1, 1);
                scene.host().read(a, 2);
              });
          scene.thread("dev", () -> d.write(a + 1, 1, 2));
        });
  }

  @Test
  void theCpuReadsWhatADeviceReadsThenWritesIt() {
    many(
        2,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(1).address();
          scene.host().write(a, 1, 7);
          scene.thread(
              "cpu",
              () -> {
                scene.host().read(a, 1);
                scene.host().write(a, 1, 1);
              });
          scene.thread("dev", () -> d.read(a, 1));
        });
  }

  @Test
  void twoThreadsOfTheCpuAndADeviceWriteTheSameGranule() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(1).address();
          scene.thread("cpu0", () -> scene.host().write(a, 1, 1));
          scene.thread("cpu1", () -> scene.host().write(a + 1, 1, 2));
          scene.thread("dev", () -> d.write(a + 2, 1, 3));
        });
  }

  @Test
  void theCpuAndADeviceWriteTheSameGranuleOnce() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(1).address();
          scene.thread("cpu", () -> scene.host().write(a, 1, 1));
          scene.thread("dev", () -> d.write(a + 1, 1, 2));
        });
  }

  @Test
  void twoDevicesWriteTheSameGranuleOnce() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          FakeDevice e = scene.stage().device("d1");
          long a = scene.stage().granules(1).address();
          scene.thread("d0", () -> d.write(a, 1, 1));
          scene.thread("d1", () -> e.write(a + 1, 1, 2));
        });
  }

  @Test
  void twoThreadsOfTheCpuTakeTwoGranulesBackFromADevice() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(2).address();
          d.write(a, 1, 1);
          d.write(a + GRANULE, 1, 2);
          scene.thread("cpu0", () -> scene.host().read(a + GRANULE - 1, 2));
          scene.thread("cpu1", () -> scene.host().write(a + GRANULE, 1, 3));
        });
  }

  @Test
  void twoThreadsOfTheCpuAndTwoDevicesReadAndWriteTwoGranules() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          FakeDevice e = scene.stage().device("d1").protects();
          long a = scene.stage().granules(2).address();
          scene.host().write(a, 1, 7);
          scene.thread("cpu0", () -> scene.host().write(a + GRANULE - 1, 2, 0x0102));
          scene.thread("cpu1", () -> scene.host().read(a, 2));
          scene.thread("d0", () -> d.write(a + GRANULE, 1, 3));
          scene.thread("d1", () -> e.read(a + GRANULE - 1, 2));
        });
  }

  @Test
  void twoDevicesWriteTheSameGranule() {
    many(
        3,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          FakeDevice e = scene.stage().device("d1");
          long a = scene.stage().granules(1).address();
          scene.thread("d0", () -> d.write(a, 1, 1));
          scene.thread("d1", () -> e.write(a + 1, 1, 2));
        });
  }

  @Test
  void twoDevicesShareAndOneOfThemWrites() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          FakeDevice e = scene.stage().device("d1").protects();
          long a = scene.stage().granules(1).address();
          scene.host().write(a, 1, 7);
          d.read(a, 1);
          scene.thread("d0", () -> d.read(a, 1));
          scene.thread(
              "d1",
              () -> {
                e.read(a, 1);
                e.write(a, 1, 2);
              });
        });
  }

  @Test
  void anExclusiveDeviceReadsWhatAnotherWrites() {
    many(
        2,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          FakeDevice e =
              scene.stage().fake("d1").without(dev.gmem.spi.GmCapability.READ_ONLY_MAPPING);
          scene.stage().attach(e);
          long a = scene.stage().granules(1).address();
          scene.thread("d0", () -> d.write(a, 1, 1));
          scene.thread("d1", () -> e.read(a, 1));
        });
  }

  @Test
  void anAccessOfTheCpuStraddlesTwoGranulesThatADeviceWrites() {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(2).address();
          scene.thread("cpu", () -> scene.host().write(a + GRANULE - 1, 2, 0x0102));
          scene.thread(
              "dev",
              () -> {
                d.write(a, 1, 3);
                d.write(a + GRANULE, 1, 4);
              });
        });
  }

  @Test
  void anAccessOfADeviceStraddlesTwoGranulesThatTheCpuWrites() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(2).address();
          scene.thread("dev", () -> d.write(a + GRANULE - 1, 2, 0x0102));
          scene.thread(
              "cpu",
              () -> {
                scene.host().write(a + GRANULE, 1, 4);
                scene.host().read(a + GRANULE - 1, 1);
              });
        });
  }

  @Test
  void prefetchesRaceEachOther() {
    every(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          var s = scene.stage().granules(2);
          scene.host().write(s.address(), 1, 7);
          scene.host().write(s.address() + GRANULE, 1, 8);
          scene.thread("to", () -> scene.prefetch(s, d).join());
          scene.thread("from", () -> scene.prefetchToHost(s).join());
        });
  }

  /**
   * Call number {@code failing} on any device comes back with an error; the access is made again.
   */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void aCallFailsAndTheValidCopyStaysValid(int failing) {
    many(
        2,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          FakeDevice e = scene.stage().device("d1");
          long a = scene.stage().granules(1).address();
          scene.host().write(a, 1, 7);
          int[] calls = {0};
          for (FakeDevice device : new FakeDevice[] {d, e}) {
            device.answer(
                call ->
                    call.kind() != Kind.VA_ALLOC && calls[0]++ == failing
                        ? GmStatus.DMA_ERROR
                        : GmStatus.SUCCESS);
          }
          scene.thread("d0", () -> Scene.insist(() -> d.write(a, 1, 1)));
          scene.thread("d1", () -> Scene.insist(() -> e.read(a, 1)));
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void aCallFailsWhileTheCpuWrites(int failing) {
    many(
        1,
        scene -> {
          FakeDevice d = scene.stage().device("d0");
          long a = scene.stage().granules(1).address();
          int[] calls = {0};
          d.answer(
              call ->
                  call.kind() != Kind.VA_ALLOC && calls[0]++ == failing
                      ? GmStatus.DMA_ERROR
                      : GmStatus.SUCCESS);
          scene.thread("cpu", () -> Scene.insist(() -> scene.host().write(a, 1, 1)));
          scene.thread(
              "dev",
              () -> {
                Scene.insist(() -> d.read(a, 1));
                Scene.insist(() -> d.write(a, 1, 2));
              });
        });
  }
}
