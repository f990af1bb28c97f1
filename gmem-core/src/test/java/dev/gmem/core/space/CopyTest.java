package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Advice;
import dev.gmem.Device;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PinnedMemoryException;
import dev.gmem.Transfer;
import dev.gmem.TransferException;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Copies between any two places: what arrives, what moves, what is refused. */
@Timeout(60)
class CopyTest {
  private static final int GRANULES = 6;
  private final Stage stage = new Stage();

  private FakeDevice copying(String id) {
    FakeDevice device = stage.fake(id).protects().copies().with(GmCapability.PEER_COPY);
    stage.attach(device);
    return device;
  }

  private void fill(MemorySegment segment, byte[] model, int seed) {
    new Random(seed).nextBytes(model);
    for (int at = 0; at < model.length; at += 8) {
      long value = MemorySegment.ofArray(model).get(ValueLayout.JAVA_LONG_UNALIGNED, at);
      stage.host().write(segment.address() + at, 8, value);
    }
  }

  /** Reads by the CPU, without a look at what the fake expects: copies are not its accesses. */
  private byte[] content(MemorySegment segment) {
    stage.space().prefetchToHost(segment).join();
    byte[] bytes = new byte[(int) segment.byteSize()];
    for (int at = 0; at < bytes.length; at++) {
      bytes[at] = (byte) stage.host().peek(segment.address() + at, 1);
    }
    return bytes;
  }

  /** Granules of an allocation in turn: on the host, on each device, shared, evicted, untouched. */
  private void scatter(MemorySegment segment, int shift, Device... devices) {
    for (int granule = 0; granule < GRANULES; granule++) {
      MemorySegment part = segment.asSlice((long) granule * GRANULE, GRANULE);
      int place = (granule + shift) % (devices.length + 2);
      if (place < devices.length) {
        long byteThere = stage.host().peek(part.address(), 1);
        ((FakeDevice) SpaceProbe.slot(devices[place]).device()).write(part.address(), 1, byteThere);
      } else if (place == devices.length) {
        stage.space().prefetch(part, devices[0]).join();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void bytesArriveFromWhereverTheyAreToWhereverTheyGoAndNothingMoves(int shift) {
    Device d = stage.view(copying("d0"));
    Device e = stage.view(copying("d1"));
    MemorySegment from = stage.granules(GRANULES);
    MemorySegment to = stage.granules(GRANULES);
    byte[] source = new byte[GRANULES * GRANULE];
    byte[] target = new byte[GRANULES * GRANULE];
    fill(from, source, 1);
    fill(to, target, 2);
    scatter(from, 0, d, e);
    scatter(to, shift, d, e);
    var before = stage.space().residency(from);
    long bytes = 4L * GRANULE + 77;
    stage.host().reference().forget(to.address(), to.byteSize());
    stage.space().copy(to.asSlice(100, bytes), from.asSlice(4000, bytes));
    assertThat(stage.space().residency(from)).isEqualTo(before);
    System.arraycopy(source, 4000, target, 100, (int) bytes);
    assertThat(content(from)).isEqualTo(source);
    assertThat(content(to)).isEqualTo(target);
    stage.atEnd();
  }

  @ParameterizedTest
  @ValueSource(ints = {-2 * GRANULE - 5, -GRANULE, -100, -1, 1, 3, 100, GRANULE, 2 * GRANULE + 5})
  void rangesMayOverlap(int distance) {
    Device d = stage.view(copying("d0"));
    MemorySegment s = stage.granules(GRANULES);
    byte[] model = new byte[GRANULES * GRANULE];
    fill(s, model, 3);
    scatter(s, 0, d);
    int from = distance < 0 ? -distance : 10;
    int bytes = 3 * GRANULE + 11;
    stage.host().reference().forget(s.address(), s.byteSize());
    stage.space().copy(s.asSlice(from + distance, bytes), s.asSlice(from, bytes));
    System.arraycopy(model, from, model, from + distance, bytes);
    assertThat(content(s)).isEqualTo(model);
    stage.atEnd();
  }

  @Test
  void whatOneDeviceHasIsCopiedThereAndWhatTwoHaveGoesBetweenThem() {
    FakeDevice d = copying("d0");
    FakeDevice e = copying("d1");
    MemorySegment s = stage.granules(3);
    d.write(s.address(), 8, 5);
    d.write(s.address() + GRANULE, 8, 6);
    e.write(s.address() + 2 * GRANULE, 8, 7);
    stage.host().reference().forget(s.address(), s.byteSize());
    d.clearCalls();
    e.clearCalls();
    Transfer within = stage.space().copyAsync(s.asSlice(GRANULE, GRANULE), s.asSlice(0, GRANULE));
    assertThat(within.join().bytes()).isZero();
    Transfer between =
        stage.space().copyAsync(s.asSlice(2 * GRANULE, GRANULE), s.asSlice(0, GRANULE));
    assertThat(between.join().bytes()).isEqualTo(GRANULE);
    assertThat(d.calls()).hasSize(1).allMatch(call -> call.kind() == Kind.COPY);
    assertThat(e.calls()).hasSize(1).allMatch(call -> call.kind() == Kind.COPY);
    assertThat(e.peek(s.address() + 2 * GRANULE)).isEqualTo((byte) 5);
  }

  @Test
  void whereADeviceDoesNotCopyTheBytesComeHome() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(2);
    d.write(s.address(), 8, 5);
    d.write(s.address() + GRANULE, 8, 6);
    stage.host().reference().forget(s.address() + GRANULE, GRANULE);
    stage.space().copy(s.asSlice(GRANULE, GRANULE), s.asSlice(0, GRANULE));
    assertThat(stage.host().peek(s.address() + GRANULE, 8)).isEqualTo(5);
    assertThat(stage.state(s, 1)).isEqualTo("CPU");
    stage.atEnd();
  }

  @Test
  void otherMemoryIsOneOfTheTwo() {
    FakeDevice d = copying("d0");
    MemorySegment s = stage.granules(2);
    d.write(s.address(), 8, 5);
    stage.host().reference().forget(s.address(), s.byteSize());
    byte[] heap = new byte[GRANULE + 1];
    Arrays.fill(heap, (byte) 9);
    stage.space().copy(s.asSlice(3, heap.length), MemorySegment.ofArray(heap));
    assertThat(stage.state(s, 0)).isEqualTo("DEVICE[d0]");
    byte[] back = new byte[2 * GRANULE];
    try (Arena confined = Arena.ofConfined()) {
      MemorySegment there = confined.allocate(back.length);
      stage.space().copy(there, s);
      there.asByteBuffer().get(back);
      assertThatThrownBy(() -> stage.space().copyAsync(there, s))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("confined");
    }
    byte[] expected = new byte[2 * GRANULE];
    expected[0] = 5;
    System.arraycopy(heap, 0, expected, 3, heap.length);
    assertThat(back).isEqualTo(expected);
    stage.space().copyAsync(MemorySegment.ofArray(back), s).join();
    assertThat(back).isEqualTo(expected);
  }

  @Test
  void aCopyWaitsForTheLaunchThatWritesItsSource() {
    FakeDevice d = stage.faultless("d0").copies().protects();
    FakeCompute compute = d.computes();
    stage.attach(d);
    Kernel k = stage.kernel(d, "k READ_WRITE");
    MemorySegment s = stage.granules(2);
    Launch first = k.launch(NdRange.of(1), s.asSlice(0, GRANULE));
    FakeCompute.Started running = compute.awaitStarted(1);
    Transfer copy = stage.space().copyAsync(s.asSlice(GRANULE, GRANULE), s.asSlice(0, GRANULE));
    Launch after = k.launch(NdRange.of(1), s.asSlice(GRANULE, GRANULE));
    d.write(s.address(), 8, 5);
    assertThat(copy.isDone()).isFalse();
    running.finish();
    first.join();
    copy.join();
    FakeCompute.Started second = compute.awaitStarted(2);
    assertThat(d.peek(s.address() + GRANULE)).isEqualTo((byte) 5);
    second.finish();
    after.join();
  }

  @Test
  void aCopyThatFailsSaysSoAndWhatWasThereIsReadable() {
    FakeDevice d = copying("d0");
    MemorySegment s = stage.granules(2);
    d.write(s.address(), 8, 5);
    stage.host().write(s.address() + GRANULE, 8, 6);
    d.answer(call -> call.kind() == Kind.COPY ? GmStatus.DMA_ERROR : GmStatus.SUCCESS);
    assertThatThrownBy(() -> stage.space().copy(s.asSlice(GRANULE, GRANULE), s.asSlice(0, GRANULE)))
        .isInstanceOf(TransferException.class)
        .hasMessageContaining("d0");
    d.answer(call -> GmStatus.SUCCESS);
    assertThat(stage.host().read(s.address() + GRANULE, 8)).isEqualTo(6);
    stage.atEnd();
  }

  @Test
  void whatIsPinnedIsWrittenWhereItIs() {
    FakeDevice d = copying("d0");
    MemorySegment s = stage.granules(2);
    stage.host().write(s.address(), 8, 5);
    MemorySegment pinned = s.asSlice(GRANULE, GRANULE);
    stage.space().advise(pinned, Advice.pin(stage.view(d))).join();
    assertThat(stage.state(s, 1)).isEqualTo("SHARED[d0]");
    stage.space().copy(pinned, s.asSlice(0, GRANULE));
    assertThat(stage.state(s, 1)).isEqualTo("DEVICE[d0]");
    assertThat(d.peek(pinned.address())).isEqualTo((byte) 5);
  }

  @Test
  void whatIsPinnedToADeviceThatDoesNotCopyIsRefused() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = stage.granules(2);
    stage.host().write(s.address(), 8, 5);
    MemorySegment pinned = s.asSlice(GRANULE, GRANULE);
    stage.space().advise(pinned, Advice.pin(stage.view(d))).join();
    assertThatThrownBy(() -> stage.space().copy(pinned, s.asSlice(0, GRANULE)))
        .isInstanceOf(PinnedMemoryException.class)
        .hasMessageContaining("pinnedTo=d0");
    assertThat(stage.host().read(pinned.address(), 8)).isZero();
    stage.atEnd();
  }

  /** If it took no claim because a run changes while it is looked at, it would read old frames. */
  @Test
  void aCopyReadsWhatTheOwnerHasWhateverElseChanges() throws InterruptedException {
    FakeDevice d = copying("d0");
    MemorySegment source = stage.granules(1);
    MemorySegment target = stage.granules(1);
    AtomicBoolean stop = new AtomicBoolean();
    Thread adviser =
        Thread.ofPlatform()
            .start(
                () -> {
                  for (boolean on = true; !stop.get(); on = !on) {
                    stage.space().advise(source, on ? Advice.readMostly() : Advice.notReadMostly());
                  }
                });
    try {
      for (int round = 1; round <= 40_000; round++) {
        d.write(source.address(), 8, round);
        stage.space().copy(target, source);
        assertThat(stage.host().peek(target.address(), 8)).isEqualTo(round);
      }
    } finally {
      stop.set(true);
      adviser.join();
    }
    stage.atEnd();
  }

  @Test
  void whatCannotBeCopiedIsRefused() {
    MemorySegment s = stage.granules(1);
    MemorySegment other = MemorySegment.ofArray(new byte[GRANULE]);
    assertThatThrownBy(() -> stage.space().copy(s, other.asSlice(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("same length");
    assertThatThrownBy(() -> stage.space().copy(s.asReadOnly(), other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("read-only");
    assertThatThrownBy(() -> stage.space().copy(other, other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("unified");
  }
}
