package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gmem.Access;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Arguments that stay as they were are not set again, and all others are. */
class BoundArgumentsTest {
  private static final String ADD =
      "__kernel void add(__global int* a, int more, __local int* scratch) {"
          + " scratch[get_local_id(0)] = more; a[get_global_id(0)] += scratch[get_local_id(0)]; }";
  private static final NdRange RANGE = NdRange.of(64).local(64);

  private final Recorder recorder = new Recorder(TestDevices.cl());

  @AfterEach
  void nothingIsRetained() {
    recorder.assertNothingAlive();
  }

  private long sets(GmKernel kernel, GmArgument... arguments) {
    recorder.failAt(-1, 0);
    Setup.run(kernel, RANGE, arguments);
    return recorder.calls().stream().filter(call -> call.startsWith("set")).count();
  }

  private static GmArgument[] arguments(GmRange range, int more, int localInts) {
    return new GmArgument[] {
      Setup.buffer(range, Access.READ_WRITE),
      Setup.scalar(more),
      new GmArgument.Local((long) localInts * Integer.BYTES)
    };
  }

  private void onlyChangesAreSet(OpenClDevice device) {
    try (Setup setup = new Setup(device)) {
      GmKernel kernel = setup.kernel(ADD);
      GmRange a = setup.mapped(setup.numbered(1));
      GmRange b = setup.mapped(setup.numbered(1));
      assertEquals(3, sets(kernel, arguments(a, 1, 64)));
      assertEquals(0, sets(kernel, arguments(a, 1, 64)));
      assertEquals(1, sets(kernel, arguments(a, 20, 64)));
      assertEquals(1, sets(kernel, arguments(b, 20, 64)));
      assertEquals(1, sets(kernel, arguments(b, 20, 128)));
      assertEquals(2, sets(kernel, arguments(a, 300, 128)));
      for (GmRange each : List.of(a, b)) {
        setup.home(each);
      }
      assertEquals(5 + 1 + 1 + 20 + 300, setup.hostInt(a, 5));
      assertEquals(5 + 20 + 20, setup.hostInt(b, 5));
    }
  }

  @Test
  void onADiscreteDevice() {
    onlyChangesAreSet(TestDevices.withoutHostAccess(recorder.cl()));
  }

  @Test
  void onHostAddresses() {
    onlyChangesAreSet(TestDevices.device(TestDevices.zeroCopy(), recorder.cl(), a -> a));
  }

  @Test
  void onBuffersOverHostMemory() {
    onlyChangesAreSet(TestDevices.onHostBuffers(recorder.cl()));
  }

  @Test
  void aBufferThatWasMadeAnewIsSetAgain() {
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()))) {
      GmKernel kernel = setup.kernel(ADD);
      GmRange a = setup.mapped(setup.numbered(1));
      sets(kernel, arguments(a, 1, 64));
      setup.home(a);
      setup.device().mmu().peerVaFree(a);
      setup.device().mmu().peerVaAlloc(a);
      setup.mapped(a);
      assertEquals(1, sets(kernel, arguments(a, 1, 64)));
      setup.home(a);
      assertEquals(5 + 2, setup.hostInt(a, 5));
    }
  }

  @Test
  void aSliceIsSetEachTime() {
    try (Setup setup = new Setup(TestDevices.withoutHostAccess(recorder.cl()))) {
      GmKernel kernel = setup.kernel(ADD);
      GmRange a = setup.mapped(setup.numbered(1));
      GmArgument[] slice = arguments(a, 1, 64);
      slice[0] = Setup.slice(a, 4096, 256, Access.READ_WRITE);
      sets(kernel, slice);
      assertEquals(1, sets(kernel, slice));
      setup.home(a);
      assertEquals(1024 + 2, setup.hostInt(a, 1024));
    }
  }
}
