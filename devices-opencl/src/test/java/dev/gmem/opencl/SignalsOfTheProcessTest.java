package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gmem.Access;
import dev.gmem.NdRange;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDiscovery;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Signals go to the JVM after OpenCL's drivers have been initialised. */
class SignalsOfTheProcessTest {
  /** What HotSpot cannot do without: ILL, BUS, SEGV, USR2, and HUP, INT, QUIT, TERM. */
  private static final List<Integer> JVMS = List.of(4, 7, 11, 12, 1, 2, 3, 15);

  @BeforeEach
  void requireOpenCl() {
    TestDevices.cl();
  }

  /** The file that is mapped where an address lies; empty if it is no file. */
  private static String mapped(long address) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/self/maps"))) {
      String[] parts = line.split(" +", 6);
      String[] ends = parts[0].split("-");
      if (Long.parseUnsignedLong(ends[0], 16) <= address
          && address < Long.parseUnsignedLong(ends[1], 16)) {
        return parts.length < 6 ? "" : parts[5];
      }
    }
    throw new AssertionError("nothing is mapped at " + Long.toHexString(address));
  }

  @Test
  void handlersAreTheJvms() throws IOException {
    SignalTable table =
        new LinuxSignals(
            LinuxCalls.find().orElseGet(() -> abort("skipped: looks as on Linux, x86 or ARM")));
    for (int signal = 1; signal < SignalTable.END; signal++) {
      long handler = table.catches(signal) ? table.action(signal).handler() : 0;
      String file = handler > 1 ? mapped(handler) : "";
      int number = signal;
      assertTrue(
          file.isEmpty() || file.endsWith("/libjvm.so"),
          () -> "signal " + number + " goes to " + file);
      assertTrue(!file.isEmpty() || !JVMS.contains(signal), () -> "signal " + number);
    }
  }

  /** A class of its own, so that no caller has it compiled. */
  private static final class Divides {
    static int byZero(int number) {
      int zero = number - 7;
      return number / zero;
    }
  }

  @Test
  void divisionByZeroThrowsInInterpretedCode() {
    assertThrows(ArithmeticException.class, () -> Divides.byZero(7));
  }

  @Test
  void kernelsMayDivideByZero() {
    try (Setup setup = new Setup(TestDevices.device(TestDevices.discrete()))) {
      GmRange range = setup.mapped(setup.numbered(1));
      GmKernel kernel =
          setup.kernel(
              """
              __kernel void divide(__global int* a) {
                size_t i = get_global_id(0);
                a[i] = i % 2 == 0 ? 1000 / (a[i] - (int) i) : a[i] + 1;
              }
              """);
      Setup.run(kernel, NdRange.of(64), Setup.buffer(range, Access.READ_WRITE));
      setup.home(range);
      assertEquals(4, setup.hostInt(range, 3));
    }
    divisionByZeroThrowsInInterpretedCode();
  }

  /** Finds devices, and proves them, while threads stop at safepoints all the time. */
  static final class Stops {
    private static volatile long sum;

    private Stops() {}

    private static long loop() {
      long result = 0;
      for (long i = 0; i < 10_000_000; i++) {
        result = result * 3 + i;
      }
      return result;
    }

    private static void forever(Runnable body) {
      Thread.ofPlatform()
          .daemon()
          .start(
              () -> {
                while (true) {
                  body.run();
                }
              });
    }

    public static void main(String[] arguments) throws InterruptedException {
      for (int i = 0; i < 4; i++) {
        forever(() -> sum += loop());
      }
      forever(Thread::getAllStackTraces);
      // Until the loops are compiled: interpreted code stops without a signal.
      Thread.sleep(500);
      GmDiscovery answer = new OpenClDeviceProvider().discover();
      for (GmDevice device : ((GmDiscovery.Available) answer).devices()) {
        System.out.println(device.description());
        device.close();
      }
      Thread.sleep(100);
      System.out.println("alive");
    }
  }

  @Test
  void threadsMayStopMeanwhile(@TempDir Path directory) throws IOException, InterruptedException {
    List<String> lines =
        FreshJvm.run(Stops.class, directory, Map.of(), List.of("-cp", FreshJvm.classPath()));
    assertEquals("alive", lines.getLast());
    assertTrue(lines.stream().noneMatch(l -> l.contains("fail")), () -> String.join("\n", lines));
  }

  @Test
  void driversAreStoppedWhereLinuxCan() throws IOException {
    Path actions = Path.of("/proc/sys/kernel/seccomp/actions_avail");
    assumeTrue(
        Files.exists(actions) && Files.readString(actions).contains("errno"),
        "skipped: this system has no filters");
    assertTrue(DriverThread.ofThisProcess().filtered());
  }
}
