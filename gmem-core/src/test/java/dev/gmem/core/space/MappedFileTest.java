package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Advice;
import dev.gmem.FileBackingException;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.TransferException;
import dev.gmem.UnmappedMemoryException;
import dev.gmem.core.engine.Backing;
import dev.gmem.core.host.GateLevel;
import dev.gmem.core.testing.FakeCompute;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory that is mapped from files: what is read, what is written, and what goes wrong. */
@Timeout(60)
class MappedFileTest {
  private static final int GRANULES = 6;
  private static final int OFFSET = 123;
  private static final int BYTES = GRANULES * GRANULE - 700;
  @TempDir private Path folder;
  private final Stage stage = new Stage();
  private final byte[] content = new byte[OFFSET + BYTES + 50];
  private Path file;

  @BeforeEach
  void write() throws IOException {
    new Random(1).nextBytes(content);
    file = Files.write(folder.resolve("data"), content);
  }

  private MemorySegment map(Arena arena, MapMode mode) {
    MemorySegment s = stage.space().map(arena, file, mode, OFFSET, BYTES);
    stage.host().reference().put(s.address(), Arrays.copyOfRange(content, OFFSET, OFFSET + BYTES));
    return s;
  }

  private MemorySegment map(MapMode mode) {
    return map(stage.arena(), mode);
  }

  private static MapMode mode(String name) {
    return switch (name) {
      case "READ_ONLY" -> MapMode.READ_ONLY;
      case "READ_WRITE" -> MapMode.READ_WRITE;
      default -> MapMode.PRIVATE;
    };
  }

  private static long at(MemorySegment segment, int granule) {
    return segment.address() + (long) granule * GRANULE;
  }

  private static MemorySegment part(MemorySegment segment, int first, int end) {
    return segment.asSlice((long) first * GRANULE, (long) (end - first) * GRANULE);
  }

  private PageState state(MemorySegment segment, int granule) {
    return stage
        .space()
        .residency(segment.asSlice((long) granule * GRANULE, 1))
        .extents()
        .getFirst()
        .state();
  }

  /** What the file should hold after a write of eight bytes. */
  private void expect(long offset, long value) {
    for (int i = 0; i < 8; i++) {
      content[(int) (OFFSET + offset + i)] = (byte) (value >>> 8 * i);
    }
  }

  private void checkFile() throws IOException {
    assertThat(Files.readAllBytes(file)).isEqualTo(content);
  }

  private void truncate(long length) throws IOException {
    try (RandomAccessFile other = new RandomAccessFile(file.toFile(), "rw")) {
      other.setLength(length);
    }
  }

  private long value(long offset) {
    long value = 0;
    for (int i = 7; i >= 0; i--) {
      value = value << 8 | content[(int) (OFFSET + offset + i)] & 0xFF;
    }
    return value;
  }

  // ---- reading ----

  @ParameterizedTest
  @ValueSource(strings = {"READ_ONLY", "READ_WRITE", "PRIVATE"})
  void fileRead(String mode) throws IOException {
    FakeDevice d = stage.device("d0");
    MemorySegment s = map(mode(mode));
    assertThat(s.byteSize()).isEqualTo(BYTES);
    assertThat(s.isReadOnly()).isEqualTo(mode.equals("READ_ONLY"));
    assertThat(stage.space().residency(s).bytes(PageState.FILE)).isEqualTo(BYTES);
    assertThat(stage.space().residency(s).bytesOnHost()).isZero();
    assertThat(d.read(at(s, 1), 8)).isEqualTo(value(GRANULE));
    assertThat(stage.host().read(at(s, 3) - 4, 8)).isEqualTo(value(3 * GRANULE - 4));
    assertThat(state(s, 0)).isEqualTo(PageState.FILE);
    assertThat(state(s, 1)).isEqualTo(PageState.SHARED);
    assertThat(state(s, 5)).isEqualTo(PageState.FILE);
    for (int offset = 0; offset + 8 <= BYTES; offset += 8) {
      assertThat(stage.host().read(s.address() + offset, 8)).isEqualTo(value(offset));
    }
    stage.atEnd();
    stage.arena().close();
    checkFile();
    stage.close();
    assertThat(stage.host().committedBlocks()).isZero();
  }

  @Test
  void whatHasBeenReadIsNotReadAgain() throws IOException {
    MemorySegment s = map(MapMode.PRIVATE);
    stage.host().read(s.address(), 8);
    Files.write(file, new byte[content.length]);
    assertThat(stage.host().read(s.address() + 8, 8)).isEqualTo(value(8));
    stage.host().reference().forget(at(s, 4), GRANULE);
    assertThat(stage.host().read(at(s, 4), 8)).isZero();
  }

  @Test
  void aLaunchThatCannotFaultReadsWhatItNeeds() {
    for (boolean onHost : new boolean[] {false, true}) {
      FakeDevice d = stage.faultless("d" + onHost);
      if (onHost) {
        d.with(GmCapability.HOST_COHERENT);
      }
      FakeCompute compute = d.computes();
      stage.attach(d);
      Kernel k = stage.kernel(d, "k READ");
      MemorySegment s = map(MapMode.READ_WRITE);
      Launch launch = k.launch(NdRange.of(1), part(s, 2, 4));
      FakeCompute.Started running = compute.awaitStarted(1);
      if (onHost) {
        assertThat(stage.host().readPinned(at(s, 3), 8)).isEqualTo(value(3 * GRANULE));
      } else {
        assertThat(d.read(at(s, 3), 8)).isEqualTo(value(3 * GRANULE));
      }
      assertThat(state(s, 1)).isEqualTo(PageState.FILE);
      running.finish();
      launch.join();
      stage.atEnd();
    }
  }

  @Test
  void copiesReadAndWrite() throws IOException {
    MemorySegment s = map(MapMode.READ_WRITE);
    MemorySegment t = stage.granules(GRANULES);
    stage.space().copy(t.asSlice(0, BYTES), s);
    stage.host().reference().put(t.address(), Arrays.copyOfRange(content, OFFSET, OFFSET + BYTES));
    assertThat(stage.host().read(at(t, 2), 8)).isEqualTo(value(2 * GRANULE));
    byte[] bytes = new byte[8];
    bytes[0] = 42;
    MemorySegment u = map(stage.arena(), MapMode.READ_WRITE);
    stage.space().copy(u.asSlice(GRANULE + 16, 8), MemorySegment.ofArray(bytes));
    stage.host().reference().put(at(u, 1) + 16, bytes);
    expect(GRANULE + 16, 42);
    assertThat(stage.host().read(at(u, 1) + 8, 8)).as("the rest").isEqualTo(value(GRANULE + 8));
    stage.space().flush(u);
    checkFile();
    stage.atEnd();
  }

  // ---- writing ----

  @Test
  void fileWrite() throws IOException {
    FakeDevice d = stage.device("d0");
    MemorySegment s = map(MapMode.READ_WRITE);
    stage.host().write(s.address(), 8, 1);
    d.write(at(s, 1) + 8, 8, 2);
    stage.host().read(at(s, 2), 8);
    stage.host().write(at(s, 2), 8, 3);
    d.read(at(s, 2), 8);
    d.read(at(s, 3), 8);
    d.write(at(s, 3), 8, 4);
    stage.host().write(s.address() + BYTES - 8, 8, 5);
    checkFile();
    stage.space().flush(s);
    expect(0, 1);
    expect(GRANULE + 8, 2);
    expect(2 * GRANULE, 3);
    expect(3 * GRANULE, 4);
    expect(BYTES - 8, 5);
    checkFile();
    stage.atEnd();
    for (long offset = 0; offset + 8 <= BYTES; offset += 8) {
      assertThat(stage.host().read(s.address() + offset, 8)).isEqualTo(value(offset));
    }
    stage.host().write(s.address() + 64, 8, 6);
    d.write(at(s, 4), 8, 7);
    stage.arena().close();
    expect(64, 6);
    expect(4 * GRANULE, 7);
    checkFile();
  }

  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "false, true"})
  void onlyWhatMayHaveChangedIsWritten(boolean byDevice, boolean pinned) throws IOException {
    FakeDevice d = stage.device("d0");
    MemorySegment s = map(MapMode.READ_WRITE);
    for (int granule = 0; granule < GRANULES; granule++) {
      stage.host().read(at(s, granule), 8);
      d.read(at(s, granule), 8);
    }
    byte[] others = new byte[content.length];
    Files.write(file, others);
    stage.space().flush(s);
    assertThat(Files.readAllBytes(file)).as("nothing has changed here").isEqualTo(others);
    if (pinned) {
      stage.host().pin(s.address());
      stage.host().writePinned(at(s, 2), 8, 9);
      stage.host().unpin(s.address());
    } else if (byDevice) {
      d.write(at(s, 2), 8, 9);
    } else {
      stage.host().write(at(s, 2), 8, 9);
    }
    stage.space().flush(s);
    expect(2 * GRANULE, 9);
    int first = OFFSET + (pinned ? 0 : 2 * GRANULE);
    int end = OFFSET + (pinned ? BYTES : 3 * GRANULE);
    System.arraycopy(content, first, others, first, end - first);
    assertThat(Files.readAllBytes(file)).isEqualTo(others);
    stage.host().write(at(s, 2) + 8, 8, 10);
    expect(2 * GRANULE + 8, 10);
    stage.space().flush(part(s, 2, 3));
    System.arraycopy(content, first, others, first, end - first);
    assertThat(Files.readAllBytes(file)).as("a write after a flush").isEqualTo(others);
    stage.atEnd();
  }

  @Test
  void migrateFilePrivate() throws IOException {
    FakeDevice d = stage.device("d0");
    Arena arena = stage.space().arena();
    MemorySegment s = map(arena, MapMode.PRIVATE);
    d.read(s.address(), 8);
    d.write(s.address(), 8, 1);
    d.write(at(s, 1), 8, 2);
    stage.host().write(at(s, 1) + 8, 8, 3);
    stage.host().write(at(s, 2), 8, 4);
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(1);
    stage.space().flush(s);
    checkFile();
    stage.space().prefetchToHost(s).join();
    assertThat(stage.host().region(s.address()).level()).isEqualTo(GateLevel.OPEN);
    stage.atEnd();
    arena.close();
    checkFile();
  }

  @Test
  void aPartThatIsGivenBackIsWrittenFirst() throws IOException {
    FakeDevice d = stage.device("d0");
    MemorySegment s = map(MapMode.READ_WRITE);
    d.write(at(s, 1), 8, 2);
    stage.host().write(at(s, 2), 8, 3);
    stage.space().unmap(part(s, 1, 2));
    expect(GRANULE, 2);
    checkFile();
    assertThatThrownBy(() -> stage.host().read(at(s, 1), 8))
        .isInstanceOf(UnmappedMemoryException.class);
    stage.space().flush(s);
    expect(2 * GRANULE, 3);
    checkFile();
    stage.atEnd();
    stage.arena().close();
    checkFile();
  }

  @Test
  void evictionAndDetachingLoseNothing() throws IOException {
    FakeDevice small = stage.fake("small").memoryBytes(GRANULE);
    stage.attach(small);
    MemorySegment s = map(MapMode.READ_WRITE);
    for (int granule = 0; granule < 4; granule++) {
      small.read(at(s, granule), 8);
      small.write(at(s, granule), 8, granule + 10);
      expect((long) granule * GRANULE, granule + 10);
    }
    stage.space().detach(stage.view(small));
    stage.space().flush(s);
    checkFile();
    stage.atEnd();
  }

  // ---- what goes wrong ----

  @Test
  void whatCannotBeMappedIsSaid() throws IOException {
    Path missing = folder.resolve("missing");
    for (MapMode mode : new MapMode[] {MapMode.READ_ONLY, MapMode.READ_WRITE, MapMode.PRIVATE}) {
      assertThatThrownBy(() -> stage.space().map(stage.arena(), missing, mode, 0, 10))
          .isInstanceOf(FileBackingException.class)
          .hasMessageContaining("missing");
      assertThatThrownBy(() -> stage.space().map(stage.arena(), folder, mode, 0, 10))
          .isInstanceOf(FileBackingException.class);
      assertThatThrownBy(() -> stage.space().map(stage.arena(), file, mode, 10, content.length - 9))
          .isInstanceOf(FileBackingException.class)
          .hasMessageContaining("too short")
          .hasMessageContaining("length=" + content.length)
          .hasMessageContaining("position=10");
    }
    assertThat(Files.exists(missing)).isFalse();
    for (long[] bad : new long[][] {{-1, 10}, {0, 0}, {0, -1}, {10, Long.MAX_VALUE - 5}}) {
      assertThatThrownBy(
              () -> stage.space().map(stage.arena(), file, MapMode.PRIVATE, bad[0], bad[1]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("position=" + bad[0]);
    }
    assertThatThrownBy(() -> stage.space().map(stage.arena(), file, null, 0, 10))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(stage.space().statistics().allocatedBytes()).isZero();
    stage.arena().close();
    assertThatThrownBy(() -> map(MapMode.PRIVATE)).hasMessage("Already closed");
    checkFile();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFileThatIsTruncatedFailsWhatComesAfterItsEnd(boolean sequential) throws IOException {
    FakeDevice d = stage.device("d0");
    MemorySegment s = map(MapMode.READ_WRITE);
    truncate(OFFSET + 3L * GRANULE + 10);
    if (sequential) {
      for (int granule = 0; granule < 3; granule++) {
        assertThat(stage.host().read(at(s, granule), 8)).isEqualTo(value((long) granule * GRANULE));
      }
    }
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> stage.host().read(at(s, 3), 8))
          .isInstanceOf(FileBackingException.class)
          .hasMessageContaining("truncated")
          .hasMessageContaining("position=" + (OFFSET + 3 * GRANULE))
          .hasRootCauseInstanceOf(IOException.class);
      assertThatThrownBy(() -> stage.host().write(at(s, 4), 8, 1))
          .isInstanceOf(FileBackingException.class);
      assertThatThrownBy(() -> d.read(at(s, 5), 8)).isInstanceOf(FileBackingException.class);
    }
    assertThat(d.read(at(s, 2), 8)).isEqualTo(value(2 * GRANULE));
    stage.atEnd();
    truncate(content.length);
    Arrays.fill(content, OFFSET + 3 * GRANULE + 10, content.length, (byte) 0);
    stage.host().reference().forget(at(s, 3) + 10, 3L * GRANULE);
    assertThat(stage.host().read(at(s, 3), 8))
        .as("it is there again")
        .isEqualTo(value(3 * GRANULE));
    assertThat(stage.host().read(at(s, 5), 8)).isZero();
    stage.arena().close();
    checkFile();
  }

  @Test
  void whoAsksForMoreThanCanBeReadIsTold() throws IOException {
    FakeDevice d = stage.device("d0");
    MemorySegment s = map(MapMode.PRIVATE);
    stage.host().write(s.address(), 8, 1); // the front is there: only what follows cannot be had
    truncate(OFFSET + GRANULE);
    assertThatThrownBy(() -> stage.space().prefetch(s, stage.view(d)).join())
        .isInstanceOf(FileBackingException.class);
    assertThatThrownBy(() -> stage.space().advise(s, Advice.pin(stage.view(d))).join())
        .isInstanceOf(FileBackingException.class);
    assertThat(stage.space().residency(s).extents())
        .allSatisfy(extent -> assertThat(extent.advised().pinnedTo()).isEmpty());
    stage.atEnd();
  }

  @Test
  void whatWasTruncatedIsNotFlushedUntilTheFileIsLongEnough() throws IOException {
    MemorySegment s = map(MapMode.READ_WRITE);
    stage.host().write(s.address(), 8, 1);
    stage.host().write(at(s, 4), 8, 2);
    truncate(OFFSET + 2L * GRANULE);
    assertThatThrownBy(() -> stage.space().flush(s))
        .isInstanceOf(FileBackingException.class)
        .hasMessageContaining("position=" + (OFFSET + 4 * GRANULE));
    assertThat(Files.size(file)).isEqualTo(OFFSET + 2L * GRANULE);
    stage.atEnd();
    truncate(content.length);
    stage.space().flush(s);
    assertThat(Files.readAllBytes(file)[OFFSET + 4 * GRANULE]).isEqualTo((byte) 2);
    assertThat(Files.readAllBytes(file)[OFFSET]).isEqualTo((byte) 1);
  }

  @Test
  void closingSaysWhatCouldNotBeWrittenAndFreesAll() throws IOException {
    FakeDevice d = stage.device("d0");
    Arena arena = stage.space().arena();
    MemorySegment s = map(arena, MapMode.READ_WRITE);
    stage.host().write(s.address(), 8, 1);
    d.write(at(s, 2), 8, 2);
    stage.host().write(at(s, 4), 8, 3);
    truncate(OFFSET + 4L * GRANULE);
    assertThatThrownBy(arena::close)
        .isInstanceOf(FileBackingException.class)
        .hasMessageContaining("position=" + (OFFSET + 4 * GRANULE));
    assertThat(d.mapped()).isZero();
    assertThat(stage.space().statistics().allocatedBytes()).isZero();
    expect(0, 1);
    expect(2 * GRANULE, 2);
    assertThat(Files.readAllBytes(file)).isEqualTo(Arrays.copyOf(content, OFFSET + 4 * GRANULE));
    stage.close();
  }

  /** A disk that is full now and then, and counts. */
  private static final class Disk implements Backing {
    private final byte[] bytes = new byte[GRANULES * GRANULE];
    private boolean full;
    private int syncs;
    private boolean closed;

    @Override
    public boolean isShared() {
      return true;
    }

    @Override
    public void read(long offset, MemorySegment into) {
      into.copyFrom(MemorySegment.ofArray(bytes).asSlice(offset, into.byteSize()));
    }

    @Override
    public void write(long offset, MemorySegment from) {
      if (full) {
        throw new FileBackingException(
            "no", Path.of("disk"), offset, from.byteSize(), new IOException("No space left"));
      }
      MemorySegment.ofArray(bytes).asSlice(offset, from.byteSize()).copyFrom(from);
    }

    @Override
    public void sync() {
      syncs++;
    }

    @Override
    public void close() {
      closed = true;
    }
  }

  @Test
  void whatAFullDiskDoesNotTakeIsWrittenByTheNextFlush() {
    FakeDevice d = stage.device("d0");
    Disk disk = new Disk();
    MemorySegment s = ((SpaceArena) stage.arena()).map(disk, disk.bytes.length);
    stage.host().write(s.address(), 8, 1);
    d.write(at(s, 1), 8, 2);
    disk.full = true;
    assertThatThrownBy(() -> stage.space().flush(s))
        .isInstanceOf(FileBackingException.class)
        .hasMessageContaining("No space left");
    assertThatThrownBy(() -> stage.space().unmap(part(s, 0, 1)))
        .isInstanceOf(FileBackingException.class);
    assertThat(disk.syncs).isZero();
    stage.atEnd();
    stage.host().write(s.address() + 8, 8, 3);
    d.write(at(s, 1) + 8, 8, 4);
    disk.full = false;
    stage.space().flush(s);
    assertThat(disk.syncs).isEqualTo(1);
    assertThat(disk.bytes[0]).isEqualTo((byte) 1);
    assertThat(disk.bytes[8]).isEqualTo((byte) 3);
    assertThat(disk.bytes[GRANULE]).isEqualTo((byte) 2);
    assertThat(disk.bytes[GRANULE + 8]).isEqualTo((byte) 4);
    stage.atEnd();
    stage.host().write(s.address(), 8, 9);
    disk.full = true;
    assertThatThrownBy(stage.arena()::close).isInstanceOf(FileBackingException.class);
    assertThat(disk.closed).isTrue();
    assertThat(stage.space().statistics().allocatedBytes()).isZero();
  }

  @Test
  void whatADeviceDoesNotGiveBackIsNotWritten() {
    FakeDevice d = stage.device("d0");
    MemorySegment s = map(MapMode.READ_WRITE);
    d.write(at(s, 1), 8, 2);
    d.answer(call -> call.kind() == Kind.UNMAP ? GmStatus.DMA_ERROR : GmStatus.SUCCESS);
    assertThatThrownBy(() -> stage.space().flush(s)).isInstanceOf(TransferException.class);
    d.answer(call -> GmStatus.SUCCESS);
    stage.space().flush(s);
    assertThat(stage.host().read(at(s, 1), 8)).isEqualTo(2);
    stage.atEnd();
  }

  @Test
  void anInterruptedThreadReadsAndWritesAndTheFileStaysOpen() throws IOException {
    MemorySegment s = map(MapMode.READ_WRITE);
    Thread.currentThread().interrupt();
    assertThat(stage.host().read(s.address(), 8)).isEqualTo(value(0));
    stage.host().write(at(s, 1), 8, 7);
    stage.space().flush(s);
    assertThat(Thread.interrupted()).isTrue();
    expect(GRANULE, 7);
    checkFile();
    assertThat(stage.host().read(at(s, 3), 8)).isEqualTo(value(3 * GRANULE));
  }

  @Test
  void whatMakesNoSenseForAFileIsRefused() {
    MemorySegment s = map(MapMode.READ_WRITE);
    MemorySegment t = stage.granules(GRANULES);
    assertThatThrownBy(() -> stage.space().advise(s, Advice.dontNeed()))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> stage.space().remap(part(t, 0, 2), part(s, 0, 2)))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> stage.space().remap(part(s, 0, 2), part(t, 0, 2)))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> stage.space().flush(t))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("mapped from a file");
  }

  @Test
  void whatIsReadMostlyKeepsItsReplicasWhenItIsFlushed() throws IOException {
    FakeDevice d = stage.fake("d0").protects().copies();
    stage.attach(d);
    MemorySegment s = map(MapMode.READ_WRITE);
    stage.space().advise(s, Advice.readMostly()).join();
    d.write(at(s, 1), 8, 2);
    stage.space().flush(s);
    expect(GRANULE, 2);
    checkFile();
    assertThat(stage.state(s, 1)).isEqualTo("SHARED[d0]");
    stage.atEnd();
  }
}
