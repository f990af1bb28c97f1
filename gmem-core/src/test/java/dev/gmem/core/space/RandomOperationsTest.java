package dev.gmem.core.space;

import static dev.gmem.core.testing.Stage.GRANULE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.Advice;
import dev.gmem.Device;
import dev.gmem.DeviceException;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PoisonedMemoryException;
import dev.gmem.PrefetchPolicy;
import dev.gmem.PrefetchPolicy.Span;
import dev.gmem.Residency;
import dev.gmem.UnmappedMemoryException;
import dev.gmem.core.space.RandomOperation.What;
import dev.gmem.core.testing.FakeCompute.Started;
import dev.gmem.core.testing.FakeDevice;
import dev.gmem.core.testing.FakeDevice.Kind;
import dev.gmem.core.testing.Stage;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.From;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.lifecycle.AfterTry;
import net.jqwik.api.lifecycle.BeforeTry;

/**
 * One thread of a program does anything to memory that five devices share, in any order, while
 * kernels run on threads of their own and calls fail now and then. What it reads is what an array
 * would hold.
 */
class RandomOperationsTest {
  static final int GRANULES = 6;

  /** The buffer that is mapped from a file, and where in it. */
  private static final int FILED = 1;

  private static final int OFFSET = 100;

  /** A space numbers 32 devices, and what is lost keeps its number. */
  private static final int KILLED_MAX = 20;

  private Path file;

  @Provide
  Arbitrary<RandomOperation> operations() {
    Arbitrary<What> what =
        Arbitraries.frequencyOf(
            Tuple.of(10, Arbitraries.of(What.class)),
            Tuple.of(20, Arbitraries.of(Arrays.copyOf(What.values(), 8))));
    Arbitrary<Integer> granule = Arbitraries.integers().between(0, GRANULES - 1);
    return Combinators.combine(
            what,
            Arbitraries.integers().between(0, 4),
            Arbitraries.integers().between(0, 1),
            granule,
            granule,
            Arbitraries.oneOf(Arbitraries.of(0, 4092), Arbitraries.integers().between(0, 4095)))
        .as(RandomOperation::new);
  }

  @Property(tries = 60, edgeCases = EdgeCasesMode.NONE)
  void memoryIsAnArrayWhoeverReachesItAndHowever(
      @ForAll @Size(min = 1, max = 60) List<@From("operations") RandomOperation> operations,
      @ForAll @From("policies") PrefetchPolicy policy) {
    new Program(file, policy).run(operations);
  }

  /** GMEM's own, and a program's that wants all of everything. */
  @Provide
  Arbitrary<PrefetchPolicy> policies() {
    PrefetchPolicy everything = fault -> List.of(new Span(0, fault.allocationBytes()));
    return Arbitraries.of(
        PrefetchPolicy.standard(),
        PrefetchPolicy.none(),
        PrefetchPolicy.sequential(),
        PrefetchPolicy.density(),
        everything);
  }

  @BeforeTry
  void makeFile() throws IOException {
    file = Files.createTempFile("random-operations", null);
  }

  @AfterTry
  void deleteFile() throws IOException {
    Files.delete(file);
  }

  /**
   * A program with two buffers, of which a file has one, and the array that each of them should be.
   */
  private static final class Program {
    private final Stage stage;
    private final FakeDevice[] devices = new FakeDevice[5];
    private final Kernel[][] kernels = new Kernel[5][];
    private final Arena[] arenas = new Arena[2];
    private final MemorySegment[] buffers = new MemorySegment[2];
    private final byte[][] model = new byte[2][GRANULES * GRANULE];
    private final List<Launch> launches = new ArrayList<>();
    private final AtomicReference<Throwable> wrong = new AtomicReference<>();
    private final AtomicReference<GmStatus> nextFailure = new AtomicReference<>();
    private final Path file;
    private int value;
    private int killed;

    Program(Path file, PrefetchPolicy policy) {
      this.stage = new Stage(Stage.OPTIONS.withPrefetch(policy));
      this.file = file;
    }

    void run(List<RandomOperation> operations) {
      for (int i = 0; i < devices.length; i++) {
        attach(i);
      }
      for (int i = 0; i < buffers.length; i++) {
        allocate(i);
      }
      for (RandomOperation operation : operations) {
        perform(operation);
      }
      nextFailure.set(null);
      joinAll();
      assertThat(wrong.get()).isNull();
      stage.atEnd();
      for (int i = 0; i < buffers.length; i++) {
        for (long at = 0; at < model[i].length; at += 512) {
          check(i, at, stage.host().read(buffers[i].address() + at, 8));
        }
      }
      stage.close();
      compareFile();
      assertThat(stage.host().committedBlocks()).isZero();
      assertThat(stage.host().gates()).isZero();
    }

    /**
     * Two that fault, two that hold, one of each kind alone at a time, and one on the host's
     * frames.
     */
    private void attach(int number) {
      FakeDevice device = stage.fake("d" + number).memoryBytes(3 * GRANULE);
      switch (number) {
        case 0 -> device.protects().copies().moves().with(GmCapability.PEER_COPY);
        case 1 -> device.without(GmCapability.READ_ONLY_MAPPING).copies();
        case 2 ->
            device
                .copies()
                .moves()
                .with(GmCapability.PEER_COPY)
                .without(GmCapability.REPLAYABLE_FAULTS)
                .memoryBytes(GRANULES * GRANULE);
        case 3 ->
            device
                .without(GmCapability.REPLAYABLE_FAULTS)
                .without(GmCapability.READ_ONLY_MAPPING)
                .with(GmCapability.REMOTE_MAPPING)
                .realBytes(GRANULES * GRANULE);
        default -> device.without(GmCapability.REPLAYABLE_FAULTS).with(GmCapability.HOST_COHERENT);
      }
      device.answer(
          call ->
              call.kind() == Kind.VA_ALLOC || call.kind() == Kind.VA_FREE
                  ? GmStatus.SUCCESS
                  : answer());
      device.computes().onStart(launch -> Thread.startVirtualThread(() -> kernel(device, launch)));
      stage.attach(device);
      devices[number] = device;
      kernels[number] =
          new Kernel[] {
            stage.kernel(device, "r READ SCALAR SCALAR"),
            stage.kernel(device, "w READ_WRITE SCALAR SCALAR"),
            stage.kernel(device, "o OVERWRITE SCALAR SCALAR")
          };
    }

    private GmStatus answer() {
      GmStatus failure = nextFailure.getAndSet(null);
      return failure == null ? GmStatus.SUCCESS : failure;
    }

    private void allocate(int buffer) {
      arenas[buffer] = stage.space().arena();
      model[buffer] = new byte[GRANULES * GRANULE];
      if (buffer == FILED) {
        write(new byte[OFFSET + GRANULES * GRANULE]);
        buffers[buffer] =
            stage.space().map(arenas[buffer], file, MapMode.READ_WRITE, OFFSET, GRANULES * GRANULE);
      } else {
        buffers[buffer] = arenas[buffer].allocate(GRANULES * GRANULE, GRANULE);
      }
    }

    private void write(byte[] content) {
      try {
        Files.write(file, content);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** All of it has been flushed, or closed. */
    private void compareFile() {
      try {
        byte[] content = Files.readAllBytes(file);
        assertThat(Arrays.copyOfRange(content, OFFSET, content.length)).isEqualTo(model[FILED]);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    /** Reads or writes eight bytes of every granule of its argument, or writes all of it. */
    private void kernel(FakeDevice device, Started launch) {
      try {
        GmArgument.Buffer argument = (GmArgument.Buffer) launch.arguments().get(0);
        long offset = (Long) ((GmArgument.Scalar) launch.arguments().get(1)).value();
        long content = (Long) ((GmArgument.Scalar) launch.arguments().get(2)).value();
        boolean writes = !launch.kernel().equals("r");
        boolean all = launch.kernel().equals("o");
        for (long at = all ? 0 : offset; at + 8 <= argument.bytes(); at += all ? 8 : GRANULE) {
          access(device, argument.address() + at, writes, content);
        }
        launch.finish();
      } catch (DeviceException e) {
        launch.end().completeExceptionally(e); // a fault of the kernel met the failure
      } catch (Throwable e) {
        wrong.compareAndSet(null, e);
        launch.end().completeExceptionally(e);
      }
    }

    private void access(FakeDevice device, long address, boolean writes, long content) {
      boolean onHost = device.capabilities().contains(GmCapability.HOST_COHERENT);
      if (onHost && writes) {
        stage.host().writePinned(address, 8, content);
      } else if (onHost) {
        stage.host().readPinned(address, 8);
      } else if (writes) {
        device.write(address, 8, content);
      } else {
        device.read(address, 8);
      }
    }

    private void perform(RandomOperation operation) {
      FakeDevice device = devices[operation.device()];
      FakeDevice faulting = devices[operation.device() % 2];
      int buffer = operation.buffer();
      long at = operation.at();
      long address = buffers[buffer].address() + at;
      MemorySegment range = buffers[buffer].asSlice(operation.from(), operation.bytes());
      long next = 0x0101010101010101L * (value++ & 0x7F);
      switch (operation.what()) {
        case HOST_READ -> insist(() -> check(buffer, at, stage.host().read(address, 8)));
        case HOST_WRITE -> {
          insist(() -> stage.host().write(address, 8, next));
          put(buffer, at, next);
        }
        case PINNED_WRITE -> {
          insist(() -> stage.host().pin(address));
          stage.host().writePinned(address, 8, next);
          stage.host().unpin(address);
          put(buffer, at, next);
        }
        case DEVICE_READ -> {
          joinAll();
          insist(() -> check(buffer, at, faulting.read(address, 8)));
        }
        case DEVICE_WRITE -> {
          joinAll();
          insist(() -> faulting.write(address, 8, next));
          put(buffer, at, next);
        }
        case LAUNCH_READ -> launch(operation, range, next, 0);
        case LAUNCH_OVERWRITE -> overwrite(operation, range, next);
        case LAUNCH_WRITE -> {
          launch(operation, range, next, 1);
          for (long i = operation.offset(); i + 8 <= operation.bytes(); i += GRANULE) {
            put(buffer, operation.from() + i, next);
          }
        }
        case PREFETCH -> insist(() -> stage.space().prefetch(range, stage.view(device)).join());
        case PREFETCH_TO_HOST -> insist(() -> stage.space().prefetchToHost(range).join());
        case ADVISE -> advise(operation, range);
        case COPY -> copy(operation);
        case FAIL_NEXT_CALL -> {
          joinAll();
          nextFailure.set(GmStatus.DMA_ERROR);
        }
        case DONT_NEED, UNMAP, REMAP, REALLOCATE -> {
          if (buffer == FILED) {
            changeFile(operation.what(), range);
          } else {
            changeBuffer(operation, range);
          }
        }
        case QUOTA -> { // of one that faults: a launch of all granules must fit the others
          long bytes = (2L + operation.first() % 2) * GRANULE;
          insist(() -> stage.space().quota(stage.view(faulting), bytes));
          assertThat(faulting.mappedBytes()).isLessThanOrEqualTo(bytes);
        }
        case REATTACH -> {
          nextFailure.set(null);
          stage.space().detach(stage.view(device));
          attach(operation.device());
        }
        case KILL -> kill(operation.device(), operation.offset() % 3);
      }
    }

    /** A device dies, aloud, without a word, or to the program's mind. Another comes for it. */
    private void kill(int number, int how) {
      if (killed++ >= KILLED_MAX) {
        return;
      }
      nextFailure.set(null);
      joinAll();
      FakeDevice device = devices[number];
      Device view = stage.view(device);
      boolean[][] lost = new boolean[buffers.length][GRANULES];
      for (int i = 0; i < buffers.length; i++) {
        for (int granule = 0; granule < GRANULES; granule++) {
          Residency.Extent extent = extent(i, granule);
          lost[i][granule] = extent.dirty() && extent.devices().contains(device.id());
        }
      }
      switch (how) {
        case 0 -> device.dieAloud(null);
        case 1 -> device.die();
        default -> stage.space().abandon(view);
      }
      for (int i = 0; i < buffers.length; i++) {
        takeLossAway(i, lost[i]);
      }
      if (how < 2) {
        stage.space().detach(view);
      }
      attach(number);
    }

    private Residency.Extent extent(int buffer, int granule) {
      MemorySegment segment = buffers[buffer].asSlice((long) granule * GRANULE, 1);
      return stage.space().residency(segment).extents().getFirst();
    }

    private void takeLossAway(int buffer, boolean[] lost) {
      boolean any = false;
      for (int granule = 0; granule < GRANULES; granule++) {
        int at = granule * GRANULE;
        long address = buffers[buffer].address() + at;
        if (lost[granule]) {
          any = true;
          assertThatThrownBy(() -> stage.host().read(address, 8))
              .isInstanceOf(PoisonedMemoryException.class);
          if (buffer != FILED) {
            MemorySegment range = buffers[buffer].asSlice(at, GRANULE);
            stage.space().advise(range, Advice.dontNeed()).join();
            Arrays.fill(model[buffer], at, at + GRANULE, (byte) 0);
          }
        } else {
          check(buffer, at, stage.host().read(address, 8));
        }
      }
      if (buffer == FILED && any) {
        assertThatThrownBy(arenas[buffer]::close).isInstanceOf(PoisonedMemoryException.class);
        stage.host().reference().forget(buffers[buffer].address(), GRANULES * GRANULE);
        allocate(buffer);
      }
    }

    private void changeFile(What what, MemorySegment range) {
      switch (what) {
        case UNMAP -> insist(() -> stage.space().flush(range));
        case REMAP -> {
          joinAll();
          insist(() -> stage.space().flush(buffers[FILED]));
          compareFile();
        }
        case REALLOCATE -> reallocate(FILED, this::compareFile);
        default -> {
          // Not for files.
        }
      }
    }

    private void changeBuffer(RandomOperation operation, MemorySegment range) {
      int buffer = operation.buffer();
      switch (operation.what()) {
        case DONT_NEED -> {
          insist(() -> stage.space().advise(range, Advice.dontNeed()).join());
          int first = (int) operation.from();
          Arrays.fill(model[buffer], first, first + (int) operation.bytes(), (byte) 0);
        }
        case UNMAP -> unmap(operation);
        case REMAP -> move(buffer, new int[][] {{0, GRANULES * GRANULE}});
        default -> reallocate(buffer, () -> {});
      }
    }

    private void reallocate(int buffer, Runnable afterClose) {
      nextFailure.set(null);
      arenas[buffer].close();
      afterClose.run();
      stage.host().reference().forget(buffers[buffer].address(), GRANULES * GRANULE);
      allocate(buffer);
    }

    /** A part goes; what is left moves to a new allocation, which is the buffer from now on. */
    private void unmap(RandomOperation operation) {
      int buffer = operation.buffer();
      MemorySegment old = buffers[buffer];
      int first = (int) operation.from();
      int end = first + (int) operation.bytes();
      insist(() -> stage.space().unmap(old.asSlice(first, end - first)));
      assertThatThrownBy(() -> stage.host().read(old.address() + first, 8))
          .isInstanceOf(UnmappedMemoryException.class);
      for (long at = 0; at < model[buffer].length; at += GRANULE) {
        if (at < first || at >= end) {
          long there = at;
          insist(() -> check(buffer, there, stage.host().read(old.address() + there, 8)));
        }
      }
      Arrays.fill(model[buffer], first, end, (byte) 0);
      move(buffer, new int[][] {{0, first}, {end, GRANULES * GRANULE}});
    }

    /** Parts of a buffer move to a new allocation, which is the buffer from now on. */
    private void move(int buffer, int[][] parts) {
      MemorySegment old = buffers[buffer];
      Arena arena = arenas[buffer];
      arenas[buffer] = stage.space().arena();
      buffers[buffer] = arenas[buffer].allocate(GRANULES * GRANULE, GRANULE);
      for (int[] part : parts) {
        if (part[0] < part[1]) {
          MemorySegment target = buffers[buffer].asSlice(part[0], part[1] - part[0]);
          insist(() -> stage.space().remap(target, old.asSlice(part[0], part[1] - part[0])));
        }
      }
      nextFailure.set(null);
      arena.close();
      stage.host().reference().forget(old.address(), GRANULES * GRANULE);
    }

    /** To the same buffer or the other one, to some place there. */
    private void copy(RandomOperation operation) {
      int from = (int) operation.from();
      int bytes = (int) operation.bytes() - operation.offset();
      int to = (from * 7 + operation.offset() * 13) % (GRANULES * GRANULE - bytes + 1);
      int target = (operation.buffer() + operation.first() % 2) % 2;
      MemorySegment destination = buffers[target].asSlice(to, bytes);
      MemorySegment source = buffers[operation.buffer()].asSlice(from, bytes);
      joinAll();
      boolean mayFail = nextFailure.get() != null;
      byte[] content = Arrays.copyOfRange(model[operation.buffer()], from, from + bytes);
      try {
        stage.space().copy(destination, source);
      } catch (DeviceException e) {
        assertThat(mayFail).isTrue();
        // What it held may be half overwritten.
        stage.space().copy(destination, MemorySegment.ofArray(content));
      }
      stage.host().reference().put(destination.address(), content);
      System.arraycopy(content, 0, model[target], to, bytes);
    }

    /**
     * Nothing that may be read changes by advice. Pins would refuse what comes next, so they go.
     */
    private void advise(RandomOperation operation, MemorySegment range) {
      Device device = stage.view(devices[operation.device() % 4]);
      Advice advice =
          switch (operation.offset() % 7) {
            case 0 -> Advice.prefer(device);
            case 1 -> Advice.preferHost();
            case 2 -> Advice.noPreference();
            case 3 -> Advice.readMostly();
            case 4 -> Advice.notReadMostly();
            case 5 -> Advice.willNeed();
            default -> Advice.pinToHost();
          };
      insist(() -> stage.space().advise(range, advice).join());
      insist(() -> stage.space().advise(range, Advice.unpin()).join());
    }

    /** What a device touches outside of a launch has no order with launches. */
    private void joinAll() {
      launches.forEach(Launch::join);
      launches.clear();
    }

    /** A kernel that could not be started has overwritten nothing, and memory is as it was. */
    private void overwrite(RandomOperation operation, MemorySegment range, long content) {
      if (operation.device() < 2 || nextFailure.get() == null) {
        launch(operation, range, content, 2);
      } else {
        try {
          kernels[operation.device()][2].launch(NdRange.of(1), range, 0L, content).join();
        } catch (DeviceException e) {
          return;
        }
      }
      long first = operation.from();
      Arrays.fill(
          model[operation.buffer()], (int) first, (int) (first + range.byteSize()), (byte) content);
    }

    private void launch(RandomOperation operation, MemorySegment range, long content, int form) {
      Kernel kernel = kernels[operation.device()][form];
      boolean faults = operation.device() < 2;
      boolean mayFail = nextFailure.get() != null;
      insist(
          () -> {
            Launch launch = kernel.launch(NdRange.of(1), range, (long) operation.offset(), content);
            if (faults || mayFail) {
              launch
                  .join(); // nobody waits for a kernel that faults, or knows whether it has failed
            } else {
              launches.add(launch);
            }
          });
    }

    private void insist(Runnable access) {
      for (int tries = 0; ; tries++) {
        try {
          access.run();
          return;
        } catch (DeviceException e) {
          if (tries == 2) {
            throw e;
          }
        }
      }
    }

    private void put(int buffer, long at, long content) {
      Arrays.fill(model[buffer], (int) at, (int) at + 8, (byte) content);
    }

    private void check(int buffer, long at, long read) {
      for (int i = 0; i < 8; i++) {
        assertThat((byte) (read >>> 8 * i))
            .as("buffer %d at %d", buffer, at + i)
            .isEqualTo(model[buffer][(int) at + i]);
      }
    }
  }
}
