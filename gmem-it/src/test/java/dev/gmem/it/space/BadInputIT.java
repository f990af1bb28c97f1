package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.Argument;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.Gmem;
import dev.gmem.IllegalDeviceAccessException;
import dev.gmem.Kernel;
import dev.gmem.KernelLaunchException;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.PinnedMemoryException;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** One clear error each, nothing leaked, and the space works on. */
@Timeout(60)
class BadInputIT {
  private static final SpaceOptions OPTIONS =
      SpaceOptions.defaults()
          .withGranuleBytes(4096)
          .withReservedBytes(1L << 30)
          .withHostBytesMax(64 << 20)
          .withPinTimeoutMillis(300);

  private AddressSpace space;
  private Arena arena;
  private Kernel kernel;

  @BeforeEach
  void open() {
    space = Gmem.open(OPTIONS);
    arena = space.arena();
    space.attach(Sim.builder("sim0").memoryBytes(1 << 20).replayable(false).build());
    kernel = kernel("sim0", Parameter.WRITE, Parameter.SCALAR);
  }

  private Kernel kernel(String device, Parameter... parameters) {
    return space
        .device(device)
        .load(
            KernelSource.java(
                "store",
                (item, memory, arguments) ->
                    memory.putInt(arguments.address(0), arguments.getInt(1)),
                parameters))
        .kernel("store");
  }

  /** Whatever went wrong: the space works on, and nothing is left behind. */
  @AfterEach
  void theSpaceStillWorks() {
    try (Arena fresh = space.arena()) {
      MemorySegment segment = fresh.allocate(JAVA_INT, 5000);
      kernel.launch(NdRange.of(1), segment, 42).join();
      assertEquals(42, segment.get(JAVA_INT, 0));
    }
    arena.close();
    assertEquals(0, space.device("sim0").residentBytes());
    assertEquals(0, space.statistics().allocatedBytes());
    space.close();
  }

  private static String message(Class<? extends Throwable> type, Executable call) {
    return assertThrows(type, call).getMessage();
  }

  private static void says(String message, String... parts) {
    for (String part : parts) {
      assertTrue(message.contains(part), () -> "no \"" + part + "\" in: " + message);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 100})
  void sizesThatAreNotPositiveOrOverflow(long bytes) {
    String message = message(IllegalArgumentException.class, () -> arena.allocate(bytes, 1));
    says(message, "byteSize=" + bytes);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -8, 3, 4097})
  void alignmentsThatAreNoPowersOfTwo(long alignment) {
    String message = message(IllegalArgumentException.class, () -> arena.allocate(8, alignment));
    says(message, "byteAlignment=" + alignment);
  }

  @ParameterizedTest
  @CsvSource({"8192", "1048576", "2097152"})
  void largeAlignmentsAreHonoured(long alignment) {
    assertEquals(0, arena.allocate(100, alignment).address() % alignment);
  }

  @Test
  void moreThanTheLimitOnHostMemory() {
    String message =
        message(AddressSpaceExhaustedException.class, () -> arena.allocate(65L << 20, 1));
    says(message, "hostBytesMax=" + (64 << 20), "allocatedBytes=");
  }

  @Test
  void moreThanTheReservedAddresses() {
    try (AddressSpace small = Gmem.open(OPTIONS.withHostBytesMax(Long.MAX_VALUE));
        Arena its = small.arena()) {
      its.allocate(700L << 20, 1);
      String message =
          message(AddressSpaceExhaustedException.class, () -> its.allocate(700L << 20, 1));
      says(message, "bytes=" + (700L << 20), "largestGapBytes=");
      its.allocate(300L << 20, 1);
    }
  }

  @Test
  void aLaunchThatIsLargerThanTheDevice() {
    MemorySegment large = arena.allocate(2 << 20, 1);
    large.set(JAVA_INT, 0, 7);
    String message =
        message(DeviceMemoryExhaustedException.class, () -> kernel.launch(NdRange.of(1), large, 1));
    says(message, "neededBytes=" + (2 << 20), "quotaBytes=" + (1 << 20), "device=sim0");
    assertEquals(7, large.get(JAVA_INT, 0));
  }

  @Test
  void segmentsThatAreNotUnified() {
    MemorySegment heap = MemorySegment.ofArray(new int[4]);
    says(
        message(IllegalArgumentException.class, () -> kernel.launch(NdRange.of(1), heap, 1)),
        "argument 0",
        "space.arena()");
    try (Arena other = Arena.ofShared()) {
      MemorySegment plain = other.allocate(64);
      says(
          message(IllegalArgumentException.class, () -> kernel.launch(NdRange.of(1), plain, 1)),
          "argument 0",
          "space.arena()");
    }
  }

  @Test
  void segmentsOfAnotherSpace() {
    try (AddressSpace other = Gmem.open(OPTIONS);
        Arena its = other.arena()) {
      MemorySegment segment = its.allocate(64);
      says(
          message(IllegalArgumentException.class, () -> kernel.launch(NdRange.of(1), segment, 1)),
          "unified memory of this space");
    }
  }

  @Test
  void segmentsOfAClosedArena() {
    MemorySegment segment;
    try (Arena brief = space.arena()) {
      segment = brief.allocate(64);
    }
    assertEquals(
        "Already closed",
        message(IllegalStateException.class, () -> kernel.launch(NdRange.of(1), segment, 1)));
    assertEquals(
        "Already closed", message(IllegalStateException.class, () -> segment.set(JAVA_INT, 0, 1)));
    assertEquals(
        "Already closed", message(IllegalStateException.class, () -> space.residency(segment)));
  }

  @Test
  void arenasThatAreClosed() {
    Arena brief = space.arena();
    brief.close();
    assertEquals("Already closed", message(IllegalStateException.class, () -> brief.allocate(8)));
    assertEquals("Already closed", message(IllegalStateException.class, brief::close));
  }

  @Test
  void readOnlyAndEmptyAndReinterpretedSegments() {
    MemorySegment segment = arena.allocate(64);
    says(
        message(
            IllegalArgumentException.class,
            () -> kernel.launch(NdRange.of(1), segment.asReadOnly(), 1)),
        "read-only");
    says(
        message(
            IllegalArgumentException.class,
            () -> kernel.launch(NdRange.of(1), segment.asSlice(8, 0), 1)),
        "empty");
    MemorySegment raw = MemorySegment.ofAddress(segment.address()).reinterpret(64);
    says(
        message(IllegalArgumentException.class, () -> kernel.launch(NdRange.of(1), raw, 1)),
        "reinterpreted");
  }

  @Test
  void wrongArguments() {
    MemorySegment segment = arena.allocate(64);
    NdRange one = NdRange.of(1);
    says(
        message(IllegalArgumentException.class, () -> kernel.launch(one, segment)),
        "takes 2 arguments",
        "given=1");
    says(
        message(IllegalArgumentException.class, () -> kernel.launch(one, 1, 1)),
        "argument 0 (WRITE)",
        "cannot take the scalar 1");
    says(
        message(IllegalArgumentException.class, () -> kernel.launch(one, segment, segment)),
        "argument 1 (SCALAR)",
        "cannot take a segment");
    says(
        message(IllegalArgumentException.class, () -> kernel.launch(one, segment, "one")),
        "java.lang.String");
    says(
        message(IllegalArgumentException.class, () -> kernel.launch(one, segment, (Object) null)),
        "must not be null");
    Kernel reads = kernel("sim0", Parameter.READ, Parameter.SCALAR);
    says(
        message(
            IllegalArgumentException.class,
            () -> reads.launch(one, Argument.readWrite(segment), 1)),
        "narrowed, not widened");
    says(message(IllegalArgumentException.class, () -> NdRange.of(0)), "positive");
  }

  @Test
  void devicesThatDoNotExist() {
    says(
        message(IllegalArgumentException.class, () -> space.device("warp9")),
        "id=warp9",
        "sim0 (attached)");
  }

  @Test
  void devicesOfTheSameName() {
    says(
        message(IllegalArgumentException.class, () -> space.attach(Sim.builder("sim0").build())),
        "id=sim0");
  }

  @Test
  void kernelsThatThrow() {
    MemorySegment segment = arena.allocate(64);
    segment.set(JAVA_INT, 0, 5);
    Kernel bad =
        space
            .device("sim0")
            .load(
                KernelSource.java(
                    "bad",
                    (item, memory, arguments) -> {
                      throw new ArithmeticException("by zero");
                    },
                    Parameter.WRITE))
            .kernel("bad");
    Launch launch = bad.launch(NdRange.of(1), segment);
    KernelLaunchException error = assertThrows(KernelLaunchException.class, launch::join);
    says(error.getMessage(), "kernel=bad", "device=sim0", "by zero");
    assertInstanceOf(ArithmeticException.class, error.getCause());
    assertEquals(5, segment.get(JAVA_INT, 0));
  }

  @Test
  void kernelsThatReachForMemoryThatIsNotTheirs() {
    space.attach(Sim.builder("sim1").build());
    MemorySegment segment = arena.allocate(64);
    Kernel wild =
        space
            .device("sim1")
            .load(
                KernelSource.java(
                    "wild",
                    (item, memory, arguments) ->
                        memory.putInt(arguments.address(0) + (512L << 20), 1),
                    Parameter.WRITE))
            .kernel("wild");
    Launch launch = wild.launch(NdRange.of(1), segment);
    IllegalDeviceAccessException error =
        assertThrows(IllegalDeviceAccessException.class, launch::join);
    assertEquals(segment.address() + (512L << 20), error.address());
    assertEquals("sim1", error.deviceId());
  }

  @Test
  void launchesOnMemoryThatANativeCallHasPinned() throws Exception {
    MemorySegment segment = arena.allocate(JAVA_INT, 4);
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    Thread caller = Thread.ofPlatform().start(() -> sortSlowly(segment, inside, leave));
    inside.await();
    String launched =
        message(PinnedMemoryException.class, () -> kernel.launch(NdRange.of(1), segment, 1));
    String closed = message(IllegalStateException.class, arena::close);
    leave.countDown();
    caller.join();
    says(launched, "pins=1", "pinTimeoutMillis=300");
    assertEquals("Session is acquired by 1 clients", closed);
  }

  /** A downcall of {@code qsort} whose comparator waits. */
  private static void sortSlowly(
      MemorySegment segment, CountDownLatch inside, CountDownLatch leave) {
    try (Arena stub = Arena.ofConfined()) {
      Linker linker = Linker.nativeLinker();
      MethodHandle comparator =
          MethodHandles.lookup()
              .findStatic(
                  BadInputIT.class,
                  "compare",
                  MethodType.methodType(
                      int.class,
                      CountDownLatch.class,
                      CountDownLatch.class,
                      MemorySegment.class,
                      MemorySegment.class));
      var address = ADDRESS;
      var size = JAVA_LONG;
      MemorySegment upcall =
          linker.upcallStub(
              MethodHandles.insertArguments(comparator, 0, inside, leave),
              FunctionDescriptor.of(JAVA_INT, address, address),
              stub);
      MethodHandle qsort =
          linker.downcallHandle(
              linker.defaultLookup().find("qsort").orElseThrow(),
              FunctionDescriptor.ofVoid(address, size, size, address));
      qsort.invoke(segment, 4L, 4L, upcall);
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  static int compare(
      CountDownLatch inside, CountDownLatch leave, MemorySegment left, MemorySegment right)
      throws InterruptedException {
    inside.countDown();
    leave.await();
    return 0;
  }
}
