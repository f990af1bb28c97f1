package dev.gmem.testkit.scenario;

import static dev.gmem.testkit.scenario.Operation.GRANULES;
import static dev.gmem.testkit.scenario.ScenarioContract.GRANULE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gmem.AddressSpace;
import dev.gmem.Advice;
import dev.gmem.Argument;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.Transfer;
import dev.gmem.UnmappedMemoryException;
import dev.gmem.spi.GmCapability;
import dev.gmem.testkit.ContractKernel;
import dev.gmem.testkit.DeviceFixture;
import dev.gmem.testkit.injection.InjectedDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the steps of a program in an address space of its own, and in arrays. Of its buffers the
 * first is plain memory, the second a file's, the third a private copy of a file.
 *
 * <p>Threads: one at a time. Launches on devices that take no faults, and some prefetches, are not
 * waited for: their place in the order of data is enough.
 */
final class RandomProgram {
  private static final int BYTES = GRANULES * GRANULE_BYTES;
  private static final int PLAIN = 0;
  private static final int SHARED = 1;
  private static final VarHandle INT = JAVA_INT.varHandle();

  /** Where in its file a buffer begins. */
  private static final int POSITION = 100;

  /** No private mapping may change its file. */
  private static final byte UNCHANGED = 77;

  private final DeviceFixture fixture;
  private final Device[] devices = new Device[Operation.DEVICES];
  private final List<Map<ContractKernel, Kernel>> kernels = new ArrayList<>();
  private final Arena[] arenas = new Arena[Operation.BUFFERS];
  private final MemorySegment[] buffers = new MemorySegment[Operation.BUFFERS];
  private final MemorySegment[] model = new MemorySegment[Operation.BUFFERS];
  private final Path[] files = new Path[Operation.BUFFERS];
  private final List<Launch> launches = new ArrayList<>();
  private final List<Transfer> transfers = new ArrayList<>();
  private AddressSpace space;
  private long launched;
  private long hostFaults;
  private boolean moves;

  RandomProgram(DeviceFixture fixture) {
    this.fixture = fixture;
  }

  /** How many kernels it has launched. */
  long launches() {
    return launched;
  }

  /** How many faults the CPU has taken. */
  long hostFaults() {
    return hostFaults;
  }

  /** Tells whether granules move to its devices. */
  boolean moves() {
    return moves;
  }

  void run(List<Operation> operations) throws IOException {
    SpaceOptions options = SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES);
    try (AddressSpace opened = Gmem.open(options)) {
      space = opened;
      for (int i = 0; i < devices.length; i++) {
        kernels.add(null);
        attach(i);
      }
      for (int i = 0; i < buffers.length; i++) {
        allocate(i);
      }
      int step = 0;
      for (Operation operation : operations) {
        try {
          perform(operation);
        } catch (Throwable failure) {
          throw new AssertionError(
              "step " + step + ", " + operation + ": " + failure.getMessage(), failure);
        }
        step++;
      }
      finish();
    } finally {
      for (Path file : files) {
        if (file != null) {
          Files.deleteIfExists(file);
        }
      }
    }
  }

  private void finish() throws IOException {
    for (int i = 0; i < buffers.length; i++) {
      compare(i, 0, BYTES);
    }
    joinAll();
    for (int i = 0; i < buffers.length; i++) {
      assertEquals(0, space.residency(buffers[i]).pins(), "pins");
      close(i);
    }
    hostFaults = space.statistics().total().hostFaults();
    for (Device device : devices) {
      assertEquals(0, device.residentBytes(), () -> "bytes left on " + device.id());
    }
    assertEquals(0, space.statistics().allocatedBytes(), "bytes left allocated");
    assertEquals(0, CommittedMemory.bytesIn(space), "bytes left committed on the host");
  }

  private void attach(int number) {
    Device device = space.attach(InjectedDevice.of(fixture.newDevice(), "device" + number));
    devices[number] = device;
    kernels.set(number, new EnumMap<>(ContractKernel.class));
    moves |= hasMemory(device);
  }

  private void allocate(int buffer) throws IOException {
    arenas[buffer] = space.arena();
    model[buffer] = MemorySegment.ofArray(new long[BYTES / Long.BYTES]);
    if (buffer == PLAIN) {
      buffers[buffer] = arenas[buffer].allocate(BYTES, GRANULE_BYTES);
      return;
    }
    if (files[buffer] == null) {
      files[buffer] = Files.createTempFile("gmem", ".random");
    }
    byte[] content = new byte[POSITION + BYTES];
    MemorySegment.ofArray(content).fill(UNCHANGED);
    model[buffer].fill(UNCHANGED);
    Files.write(files[buffer], content);
    MapMode mode = buffer == SHARED ? MapMode.READ_WRITE : MapMode.PRIVATE;
    buffers[buffer] = space.map(arenas[buffer], files[buffer], mode, POSITION, BYTES);
  }

  private void close(int buffer) throws IOException {
    arenas[buffer].close();
    if (buffer != PLAIN) {
      compareFile(buffer);
    }
  }

  private void perform(Operation op) throws IOException {
    int b = op.buffer();
    int at = Math.min(op.from() + op.offset(), BYTES - Long.BYTES);
    int ints = at & -Integer.BYTES;
    MemorySegment granules = buffers[b].asSlice(op.from(), op.bytes());
    switch (op.what()) {
      case HOST_READ ->
          assertEquals(
              model[b].get(JAVA_LONG_UNALIGNED, at), buffers[b].get(JAVA_LONG_UNALIGNED, at));
      case HOST_WRITE -> {
        buffers[b].set(JAVA_LONG_UNALIGNED, at, op.value());
        model[b].set(JAVA_LONG_UNALIGNED, at, op.value());
      }
      case HOST_ADD ->
          assertEquals(
              (int) INT.getAndAdd(model[b], (long) ints, op.value()),
              (int) INT.getAndAdd(buffers[b], (long) ints, op.value()));
      case HOST_FILL -> {
        part(buffers[b], op).fill((byte) op.value());
        part(model[b], op).fill((byte) op.value());
      }
      case HOST_COMPARE -> compare(b, op.from(), op.bytes());
      case LAUNCH_NUMBER, LAUNCH_INCREMENT, LAUNCH_COPY -> launch(op);
      case PREFETCH -> transfer(op, space.prefetch(granules, devices[op.device()]));
      case PREFETCH_TO_HOST -> transfer(op, space.prefetchToHost(granules));
      case COPY -> copy(op);
      case ADVISE -> advise(op, granules);
      case DONT_NEED_OR_FLUSH -> dontNeedOrFlush(op, granules);
      case MOVE, UNMAP -> {
        if (b == PLAIN) {
          move(op, op.what() == Operation.What.UNMAP);
        }
      }
      case REALLOCATE -> {
        joinTransfers();
        close(b);
        allocate(b);
      }
      case REATTACH -> {
        joinTransfers();
        space.detach(devices[op.device()]);
        attach(op.device());
      }
    }
  }

  /** A part of an operation's granules that need not begin or end with one. */
  private static MemorySegment part(MemorySegment buffer, Operation op) {
    int cut = op.offset() & -Integer.BYTES;
    return buffer.asSlice(op.from() + cut, op.bytes() - cut);
  }

  private void launch(Operation op) {
    MemorySegment data = part(buffers[op.buffer()], op);
    MemorySegment expected = part(model[op.buffer()], op);
    int count = (int) (data.byteSize() / Integer.BYTES);
    switch (op.what()) {
      case LAUNCH_NUMBER -> {
        start(op, ContractKernel.NUMBER, count, data, op.value());
        for (int i = 0; i < count; i++) {
          expected.setAtIndex(JAVA_INT_UNALIGNED, i, op.value() + i);
        }
      }
      case LAUNCH_INCREMENT -> {
        start(op, ContractKernel.INCREMENT, count, data);
        for (int i = 0; i < count; i++) {
          int old = expected.getAtIndex(JAVA_INT_UNALIGNED, i);
          expected.setAtIndex(JAVA_INT_UNALIGNED, i, old + 1);
        }
      }
      default -> {
        int target = (op.buffer() + 1) % buffers.length;
        start(op, ContractKernel.COPY, count, Argument.read(data), part(buffers[target], op));
        part(model[target], op).copyFrom(expected);
      }
    }
  }

  private void start(Operation op, ContractKernel which, int items, Object... arguments) {
    Device device = devices[op.device()];
    Launch launch =
        kernels
            .get(op.device())
            .computeIfAbsent(which, w -> device.load(fixture.source(w)).kernel(w.kernelName()))
            .launch(NdRange.of(items), arguments);
    launched++;
    if (device.capabilities().contains(GmCapability.REPLAYABLE_FAULTS)) {
      launch.join(); // nobody else waits for a kernel that takes faults
    } else {
      launches.add(launch);
    }
  }

  private void transfer(Operation op, Transfer transfer) {
    if (op.offset() % 2 == 0) {
      transfer.join();
    } else {
      transfers.add(transfer);
    }
  }

  /** To any buffer, to any place there, which may overlap. */
  private void copy(Operation op) {
    int bytes = op.bytes() - op.offset();
    int to = Integer.remainderUnsigned(op.value(), BYTES - bytes + 1);
    int target = (op.buffer() + (op.value() >>> 16)) % buffers.length;
    space.copy(buffers[target].asSlice(to, bytes), buffers[op.buffer()].asSlice(op.from(), bytes));
    MemorySegment.copy(model[op.buffer()], op.from(), model[target], to, bytes);
  }

  /** Nothing that may be read changes by it. Pins would refuse what comes next, so they go. */
  private void advise(Operation op, MemorySegment granules) {
    Device device = devices[op.device()];
    Advice advice =
        switch (op.offset() % 7) {
          case 0 -> hasMemory(device) ? Advice.prefer(device) : Advice.preferHost();
          case 1 -> Advice.preferHost();
          case 2 -> Advice.noPreference();
          case 3 -> Advice.readMostly();
          case 4 -> Advice.notReadMostly();
          case 5 -> Advice.willNeed();
          default -> Advice.pinToHost();
        };
    space.advise(granules, advice).join();
    space.advise(granules, Advice.unpin()).join();
  }

  /** What works on the host's memory has none to prefer. */
  private static boolean hasMemory(Device device) {
    return !device.capabilities().contains(GmCapability.HOST_COHERENT);
  }

  private void dontNeedOrFlush(Operation op, MemorySegment granules) throws IOException {
    if (op.buffer() == PLAIN) {
      space.advise(granules, Advice.dontNeed()).join();
      model[PLAIN].asSlice(op.from(), op.bytes()).fill((byte) 0);
    } else if (op.offset() % 2 == 0) {
      space.flush(granules);
    } else {
      space.flush(buffers[op.buffer()]);
      compareFile(op.buffer());
    }
  }

  /** All moves to a new allocation, or all but a part that is given back. */
  private void move(Operation op, boolean unmap) {
    joinTransfers();
    MemorySegment old = buffers[PLAIN];
    Arena arena = arenas[PLAIN];
    arenas[PLAIN] = space.arena();
    buffers[PLAIN] = arenas[PLAIN].allocate(BYTES, GRANULE_BYTES);
    if (unmap) {
      int end = op.from() + op.bytes();
      space.unmap(old.asSlice(op.from(), op.bytes()));
      try {
        throw new AssertionError("read after unmap: " + old.get(JAVA_LONG_UNALIGNED, op.from()));
      } catch (UnmappedMemoryException expected) {
        model[PLAIN].asSlice(op.from(), op.bytes()).fill((byte) 0);
      }
      remap(old, 0, op.from());
      remap(old, end, BYTES - end);
    } else {
      remap(old, 0, BYTES);
    }
    arena.close();
  }

  private void remap(MemorySegment old, int at, int bytes) {
    if (bytes > 0) {
      space.remap(buffers[PLAIN].asSlice(at, bytes), old.asSlice(at, bytes));
    }
  }

  private void joinTransfers() {
    transfers.forEach(Transfer::join);
    transfers.clear();
  }

  private void joinAll() {
    joinTransfers();
    launches.forEach(Launch::join);
    launches.clear();
  }

  private void compare(int buffer, int from, int bytes) {
    MemorySegment seen = buffers[buffer].asSlice(from, bytes);
    MemorySegment expected = model[buffer].asSlice(from, bytes);
    long differs = expected.mismatch(seen);
    assertEquals(-1, differs, () -> "buffer " + buffer + " differs at byte " + (from + differs));
  }

  private void compareFile(int buffer) throws IOException {
    MemorySegment content =
        MemorySegment.ofArray(Files.readAllBytes(files[buffer])).asSlice(POSITION);
    MemorySegment expected =
        buffer == SHARED ? model[buffer] : MemorySegment.ofArray(new byte[BYTES]).fill(UNCHANGED);
    long differs = expected.mismatch(content);
    assertEquals(-1, differs, () -> "file of buffer " + buffer + " differs at byte " + differs);
  }
}
