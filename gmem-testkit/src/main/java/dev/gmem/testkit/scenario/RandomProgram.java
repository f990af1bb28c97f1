package dev.gmem.testkit.scenario;

import static dev.gmem.testkit.scenario.Operation.GRANULES;
import static dev.gmem.testkit.scenario.ScenarioContract.GRANULE_BYTES;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gmem.AddressSpace;
import dev.gmem.Advice;
import dev.gmem.ArenaOptions;
import dev.gmem.Argument;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PoisonedMemoryException;
import dev.gmem.PrefetchPolicy;
import dev.gmem.PrefetchPolicy.Span;
import dev.gmem.Residency;
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
import java.util.BitSet;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntBinaryOperator;
import java.util.function.Supplier;

/**
 * Makes the steps of a program in an address space of its own, and in arrays. Of its buffers the
 * first is plain memory, the second a file's, the third a private copy of a file.
 *
 * <p>Calls of devices may fail. Whatever fails then says so, and leaves what its contract says:
 * what only moves or reads bytes, all of them; what writes some, each as it was or as it would be.
 *
 * <p>Threads: one at a time. Launches on devices that take no faults, and some prefetches, are not
 * waited for: their place in the order of data is enough. Launches that may fail are, as what comes
 * after them follows from whether they have.
 */
final class RandomProgram {
  private static final int BYTES = GRANULES * GRANULE_BYTES;
  private static final int PLAIN = 0;
  private static final int SHARED = 1;
  private static final VarHandle INT = JAVA_INT.varHandle();

  /** Where in its file a buffer begins. */
  private static final int POSITION = 100;

  /** A space numbers 32 devices, and what is lost keeps its number. */
  private static final int KILLED_MAX = 20;

  /** No private mapping may change its file. */
  private static final byte UNCHANGED = 77;

  /** What comes along with faults; the second one would have all of everything. */
  private static final List<PrefetchPolicy> POLICIES =
      List.of(
          PrefetchPolicy.standard(),
          fault -> List.of(new Span(0, fault.allocationBytes())),
          PrefetchPolicy.density(),
          PrefetchPolicy.sequential(),
          PrefetchPolicy.none());

  private final DeviceFixture fixture;
  private final Disturbance disturbance;
  private final Device[] devices = new Device[Operation.DEVICES];
  private final InjectedDevice[] wrappers = new InjectedDevice[Operation.DEVICES];
  private final List<Map<ContractKernel, Kernel>> kernels = new ArrayList<>();
  private final Arena[] arenas = new Arena[Operation.BUFFERS];
  private final MemorySegment[] buffers = new MemorySegment[Operation.BUFFERS];
  private final MemorySegment[] model = new MemorySegment[Operation.BUFFERS];
  private final Path[] files = new Path[Operation.BUFFERS];
  private final List<Launch> launches = new ArrayList<>();
  private final List<UnderWay> transfers = new ArrayList<>();
  private AddressSpace space;
  private int gates;
  private long launched;
  private long hostFaults;
  private boolean moves;
  private int killed;
  private int arenasMade;

  RandomProgram(DeviceFixture fixture, Disturbance disturbance) {
    this.fixture = fixture;
    this.disturbance = disturbance;
  }

  /** A transfer, and how many calls had been disturbed before. */
  private record UnderWay(Transfer transfer, long disturbed) {}

  /** How many kernels it has launched. */
  long launches() {
    return launched;
  }

  /** How many faults the CPU has taken. */
  long hostFaults() {
    return hostFaults;
  }

  /** How many operations have failed. */
  long failures() {
    return disturbance.failures();
  }

  /** Tells whether granules move to its devices. */
  boolean moves() {
    return moves;
  }

  void run(List<Operation> operations) throws IOException {
    SpaceOptions options = SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES);
    try (AddressSpace opened = Gmem.open(options)) {
      space = opened;
      gates = space.statistics().gates();
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
      disturbance.calmly(this::finish);
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
    assertEquals(gates, space.statistics().gates(), "gates left");
    assertEquals(0, CommittedMemory.bytesIn(space), "bytes left committed on the host");
  }

  private void attach(int number) {
    disturbance.insist(
        () -> {
          InjectedDevice device = disturbance.around(fixture.newDevice(), "device" + number);
          Device attached = null;
          try {
            attached = space.attach(device);
          } finally {
            if (attached == null) {
              device.close();
            }
          }
          devices[number] = attached;
          wrappers[number] = device;
        });
    kernels.set(number, new EnumMap<>(ContractKernel.class));
    moves |= hasMemory(devices[number]);
  }

  /** An arena of the next policy in turn. */
  private Arena arena() {
    PrefetchPolicy policy = POLICIES.get(arenasMade++ % POLICIES.size());
    return space.arena(ArenaOptions.defaults().withPrefetch(policy));
  }

  private void allocate(int buffer) throws IOException {
    arenas[buffer] = arena();
    model[buffer] = MemorySegment.ofArray(new long[BYTES / Long.BYTES]);
    if (buffer == PLAIN) {
      allocatePlain();
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
    disturbance.insist(
        () -> buffers[buffer] = space.map(arenas[buffer], files[buffer], mode, POSITION, BYTES));
  }

  private void allocatePlain() {
    disturbance.insist(() -> buffers[PLAIN] = arenas[PLAIN].allocate(BYTES, GRANULE_BYTES));
  }

  /** What a device does not let go of when memory is freed stays there, so they are to. */
  private void close(int buffer) throws IOException {
    disturbance.calmly(arenas[buffer]::close);
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
          disturbance.insist(
              () ->
                  assertEquals(
                      model[b].get(JAVA_LONG_UNALIGNED, at),
                      buffers[b].get(JAVA_LONG_UNALIGNED, at)));
      case HOST_WRITE -> {
        disturbance.insist(() -> buffers[b].set(JAVA_LONG_UNALIGNED, at, op.value()));
        model[b].set(JAVA_LONG_UNALIGNED, at, op.value());
      }
      case HOST_ADD -> {
        int old = (int) INT.getAndAdd(model[b], (long) ints, op.value());
        disturbance.insist(
            () -> assertEquals(old, (int) INT.getAndAdd(buffers[b], (long) ints, op.value())));
      }
      case HOST_FILL -> {
        MemorySegment data = part(buffers[b], op);
        boolean done = disturbance.attempt(() -> data.fill((byte) op.value()));
        expect(done, 1, data, part(model[b], op), m -> m.fill((byte) op.value()));
      }
      case HOST_COMPARE -> compare(b, op.from(), op.bytes());
      case LAUNCH_NUMBER, LAUNCH_INCREMENT, LAUNCH_COPY -> launch(op);
      case PREFETCH -> transfer(op, () -> space.prefetch(granules, devices[op.device()]));
      case PREFETCH_TO_HOST -> transfer(op, () -> space.prefetchToHost(granules));
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
        disturbance.insist(() -> space.detach(devices[op.device()]));
        attach(op.device());
      }
      case KILL -> kill(op.device(), op.offset() % 3);
    }
  }

  /** A device is lost: it says so, or has to be asked, or is given up. Another comes for it. */
  private void kill(int number, int how) throws IOException {
    if (killed++ >= KILLED_MAX) {
      return;
    }
    joinAll();
    Device device = devices[number];
    BitSet[] lost = new BitSet[buffers.length];
    for (int i = 0; i < buffers.length; i++) {
      lost[i] = onlyOn(device, i);
    }
    switch (how) {
      case 0 -> wrappers[number].die(null);
      case 1 -> wrappers[number].injector().die();
      default -> space.abandon(device);
    }
    for (int i = 0; i < buffers.length; i++) {
      takeLossAway(i, lost[i]);
    }
    if (how < 2) {
      disturbance.calmly(() -> space.detach(device));
    }
    attach(number);
  }

  /** The granules of a buffer of which a device has the only valid copy. */
  private BitSet onlyOn(Device device, int buffer) {
    BitSet granules = new BitSet();
    for (Residency.Extent extent : space.residency(buffers[buffer]).extents()) {
      if (extent.dirty() && extent.devices().contains(device.id())) {
        long first = (extent.address() - buffers[buffer].address()) / GRANULE_BYTES;
        granules.set((int) first, (int) (first + extent.bytes() / GRANULE_BYTES));
      }
    }
    return granules;
  }

  /** What is lost says so, and nothing else is; after that the buffer can be used again. */
  private void takeLossAway(int buffer, BitSet lost) throws IOException {
    for (int granule = 0; granule < GRANULES; granule++) {
      int at = granule * GRANULE_BYTES;
      if (!lost.get(granule)) {
        compare(buffer, at, GRANULE_BYTES);
        continue;
      }
      MemorySegment range = buffers[buffer].asSlice(at, GRANULE_BYTES);
      assertThrows(PoisonedMemoryException.class, () -> range.get(JAVA_BYTE, 0), "a loss");
      if (buffer == PLAIN) {
        disturbance.calmly(() -> space.advise(range, Advice.dontNeed()).join());
        model[PLAIN].asSlice(at, GRANULE_BYTES).fill((byte) 0);
      }
    }
    if (buffer != PLAIN && !lost.isEmpty()) {
      try {
        disturbance.calmly(arenas[buffer]::close);
        assertNotEquals(SHARED, buffer, "closing what a file has not got");
      } catch (PoisonedMemoryException e) {
        assertEquals(SHARED, buffer, e.getMessage());
      }
      allocate(buffer);
    }
  }

  /** A part of an operation's granules that need not begin or end with one. */
  private static MemorySegment part(MemorySegment buffer, Operation op) {
    int cut = op.offset() & -Integer.BYTES;
    return buffer.asSlice(op.from() + cut, op.bytes() - cut);
  }

  /**
   * Changes the model as an operation has changed memory. If that has failed, each unit is as it
   * was or as it would be.
   */
  private void expect(
      boolean done,
      int unitBytes,
      MemorySegment data,
      MemorySegment expected,
      Consumer<MemorySegment> change) {
    MemorySegment before = MemorySegment.ofArray(expected.toArray(JAVA_BYTE));
    change.accept(expected);
    if (done) {
      return;
    }
    disturbance.insist(
        () -> {
          for (long at = 0; at < data.byteSize(); at += unitBytes) {
            MemorySegment seen = data.asSlice(at, unitBytes);
            MemorySegment unit = expected.asSlice(at, unitBytes);
            MemorySegment old = before.asSlice(at, unitBytes);
            if (unit.mismatch(seen) >= 0) {
              assertEquals(-1, old.mismatch(seen), "neither as before nor as after, at byte " + at);
              unit.copyFrom(old);
            }
          }
        });
  }

  private void launch(Operation op) {
    MemorySegment data = part(buffers[op.buffer()], op);
    MemorySegment expected = part(model[op.buffer()], op);
    int count = (int) (data.byteSize() / Integer.BYTES);
    switch (op.what()) {
      case LAUNCH_NUMBER -> {
        boolean done = start(op, ContractKernel.NUMBER, count, data, op.value());
        launched(done, op, data, expected, (i, old) -> op.value() + i);
      }
      case LAUNCH_INCREMENT -> {
        boolean done = start(op, ContractKernel.INCREMENT, count, data);
        launched(done, op, data, expected, (i, old) -> old + 1);
      }
      default -> {
        int target = (op.buffer() + 1) % buffers.length;
        MemorySegment to = part(buffers[target], op);
        boolean done = start(op, ContractKernel.COPY, count, Argument.read(data), to);
        launched(
            done,
            op,
            to,
            part(model[target], op),
            (i, old) -> expected.getAtIndex(JAVA_INT_UNALIGNED, i));
      }
    }
  }

  /**
   * Changes the model as a kernel does. One that has failed has not begun, unless it may have met
   * the failure in a fault of its own.
   */
  private void launched(
      boolean done, Operation op, MemorySegment data, MemorySegment model, IntBinaryOperator item) {
    Consumer<MemorySegment> kernel =
        ints -> {
          for (int i = 0; i < ints.byteSize() / Integer.BYTES; i++) {
            int old = ints.getAtIndex(JAVA_INT_UNALIGNED, i);
            ints.setAtIndex(JAVA_INT_UNALIGNED, i, item.applyAsInt(i, old));
          }
        };
    boolean begun = done || takesFaults(devices[op.device()]);
    expect(done, Integer.BYTES, data, model, begun ? kernel : ints -> {});
  }

  private static boolean takesFaults(Device device) {
    return device.capabilities().contains(GmCapability.REPLAYABLE_FAULTS);
  }

  /** Returns false if the launch has failed. */
  private boolean start(Operation op, ContractKernel which, int items, Object... arguments) {
    Device device = devices[op.device()];
    Map<ContractKernel, Kernel> loaded = kernels.get(op.device());
    if (!loaded.containsKey(which)) {
      disturbance.insist(
          () -> loaded.put(which, device.load(fixture.source(which)).kernel(which.kernelName())));
    }
    launched++;
    Launch[] launch = new Launch[1];
    boolean joins = disturbance.disturbs() || takesFaults(device);
    return disturbance.attempt(
        () -> {
          launch[0] = loaded.get(which).launch(NdRange.of(items), arguments);
          if (joins) {
            launch[0].join(); // nobody else waits for a kernel that takes faults
          } else {
            launches.add(launch[0]);
          }
        });
  }

  private void transfer(Operation op, Supplier<Transfer> transfer) {
    if (op.offset() % 2 == 0) {
      disturbance.insist(() -> transfer.get().join());
    } else {
      long disturbed = disturbance.disturbed();
      disturbance.attempt(() -> transfers.add(new UnderWay(transfer.get(), disturbed)));
    }
  }

  /** To any buffer, to any place there, which may overlap. */
  private void copy(Operation op) {
    int bytes = op.bytes() - op.offset();
    int to = Integer.remainderUnsigned(op.value(), BYTES - bytes + 1);
    int target = (op.buffer() + (op.value() >>> 16)) % buffers.length;
    MemorySegment destination = buffers[target].asSlice(to, bytes);
    MemorySegment source = buffers[op.buffer()].asSlice(op.from(), bytes);
    boolean done = disturbance.attempt(() -> space.copy(destination, source));
    byte[] content = model[op.buffer()].asSlice(op.from(), bytes).toArray(JAVA_BYTE);
    expect(
        done,
        1,
        destination,
        model[target].asSlice(to, bytes),
        m -> m.copyFrom(MemorySegment.ofArray(content)));
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
    disturbance.insist(() -> space.advise(granules, advice).join());
    disturbance.insist(() -> space.advise(granules, Advice.unpin()).join());
  }

  /** What works on the host's memory has none to prefer. */
  private static boolean hasMemory(Device device) {
    return !device.capabilities().contains(GmCapability.HOST_COHERENT);
  }

  private void dontNeedOrFlush(Operation op, MemorySegment granules) throws IOException {
    if (op.buffer() == PLAIN) {
      boolean done = disturbance.attempt(() -> space.advise(granules, Advice.dontNeed()).join());
      MemorySegment expected = model[PLAIN].asSlice(op.from(), op.bytes());
      expect(done, GRANULE_BYTES, granules, expected, m -> m.fill((byte) 0));
    } else if (op.offset() % 2 == 0) {
      disturbance.insist(() -> space.flush(granules));
    } else {
      disturbance.insist(() -> space.flush(buffers[op.buffer()]));
      compareFile(op.buffer());
    }
  }

  /** All moves to a new allocation, or all but a part that is given back. */
  private void move(Operation op, boolean unmap) {
    joinTransfers();
    MemorySegment old = buffers[PLAIN];
    Arena arena = arenas[PLAIN];
    arenas[PLAIN] = arena();
    allocatePlain();
    if (unmap) {
      int end = op.from() + op.bytes();
      disturbance.insist(() -> space.unmap(old.asSlice(op.from(), op.bytes())));
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
    disturbance.calmly(arena::close);
  }

  private void remap(MemorySegment old, int at, int bytes) {
    if (bytes > 0) {
      MemorySegment target = buffers[PLAIN].asSlice(at, bytes);
      disturbance.insist(() -> space.remap(target, old.asSlice(at, bytes)));
    }
  }

  private void joinTransfers() {
    for (UnderWay each : transfers) {
      disturbance.attempt(each.disturbed(), () -> each.transfer().join());
    }
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
    disturbance.insist(
        () -> {
          long differs = expected.mismatch(seen);
          assertEquals(
              -1, differs, () -> "buffer " + buffer + " differs at byte " + (from + differs));
        });
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
