package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.Access;
import dev.gmem.IllegalDeviceAccessException;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmRange;
import dev.gmem.testkit.TestSpace.Fault;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Kernels that touch what is not mapped. Skipped without {@link GmCapability#REPLAYABLE_FAULTS}.
 */
public abstract class FaultContract extends KernelFacetContract {
  /** For subclasses. */
  protected FaultContract() {}

  @BeforeEach
  final void assumeFaults() {
    assumeCapability(GmCapability.REPLAYABLE_FAULTS);
  }

  @Test
  void unmappedMemoryFaultsIn() throws ExecutionException {
    GmRange a = space().allocate(3);
    GmRange b = space().allocate(3);
    GmRange c = space().allocate(3);
    numberHost(a, 1, 1);
    numberHost(b, 10, 2);
    launch(
        kernel(ContractKernel.ADD),
        NdRange.of(ints(c)),
        buffer(a, Access.READ),
        buffer(b, Access.READ),
        buffer(c, Access.OVERWRITE));
    space().bringHome(c);
    assertNumbered(c, 11, 3);
  }

  @Test
  void faultsSayWhereAndWhatFor() throws ExecutionException {
    GmRange a = space().allocate(2);
    GmRange b = space().allocate(2);
    GmRange c = space().allocate(2);
    launch(
        kernel(ContractKernel.ADD),
        NdRange.of(ints(c)),
        buffer(a, Access.READ),
        buffer(b, Access.READ),
        buffer(c, Access.OVERWRITE));
    assertFalse(space().faults().isEmpty());
    for (Fault fault : space().faults()) {
      assertTrue(fault.bytes() > 0, () -> "a fault needs a byte at least: " + fault);
      boolean inC = within(fault, c);
      assertTrue(
          inC || within(fault, a) || within(fault, b), () -> "outside of all buffers: " + fault);
      assertEquals(inC, fault.access().writes(), () -> "wrong kind of access: " + fault);
    }
  }

  private static boolean within(Fault fault, GmRange range) {
    return fault.address() >= range.address() && fault.address() + fault.bytes() <= range.end();
  }

  @Test
  void onlyWhatIsTouchedFaults() throws ExecutionException {
    GmRange a = space().allocate(8);
    GmArgument part =
        new GmArgument.Buffer(
            a, space().part(a, 5, 1).address(), space().granuleBytes(), Access.READ_WRITE);
    launch(kernel(ContractKernel.INCREMENT), NdRange.of(10), part);
    for (int i = 0; i < 8; i++) {
      assertEquals(i == 5, space().isMapped(space().part(a, i, 1).address()), "granule " + i);
    }
  }

  @Test
  void whatIsMappedDoesNotFault() throws ExecutionException {
    GmRange a = space().allocate(4);
    assertSuccess(space().map(a, true, Access.READ_WRITE));
    launch(kernel(ContractKernel.INCREMENT), NdRange.of(ints(a)), buffer(a, Access.READ_WRITE));
    assertTrue(space().faults().isEmpty(), () -> "faults: " + space().faults());
  }

  @Test
  void writingAReplicaFaults() throws ExecutionException {
    assumeCapability(GmCapability.READ_ONLY_MAPPING);
    GmRange a = space().allocate(2);
    numberHost(a, 0, 1);
    assertSuccess(space().map(a, true, Access.READ));
    launch(kernel(ContractKernel.INCREMENT), NdRange.of(ints(a)), buffer(a, Access.READ_WRITE));
    assertFalse(space().faults().isEmpty());
    space().faults().forEach(f -> assertTrue(f.access().writes(), () -> "not a write: " + f));
    space().bringHome(a);
    assertNumbered(a, 1, 1);
  }

  @Test
  void readingAReplicaDoesNotFault() throws ExecutionException {
    assumeCapability(GmCapability.READ_ONLY_MAPPING);
    GmRange a = space().allocate(2);
    GmRange c = space().allocate(2);
    numberHost(a, 3, 1);
    assertSuccess(space().map(a, true, Access.READ));
    assertSuccess(space().map(c, false, Access.READ_WRITE));
    launch(
        kernel(ContractKernel.ADD),
        NdRange.of(ints(c)),
        buffer(a, Access.READ),
        buffer(a, Access.READ),
        buffer(c, Access.OVERWRITE));
    assertTrue(space().faults().isEmpty(), () -> "faults: " + space().faults());
    assertSuccess(space().unmap(c, true));
    assertNumbered(c, 6, 2);
  }

  @Test
  void takingWritesAwayMakesWritesFault() throws ExecutionException {
    assumeCapability(GmCapability.READ_ONLY_MAPPING);
    GmRange a = space().allocate(2);
    numberHost(a, 0, 1);
    assertSuccess(space().map(a, true, Access.READ_WRITE));
    GmKernel increment = kernel(ContractKernel.INCREMENT);
    launch(increment, NdRange.of(ints(a)), buffer(a, Access.READ_WRITE));
    assertTrue(space().faults().isEmpty(), () -> "faults: " + space().faults());
    assertSuccess(assumeImplemented("peerProtect", space().protect(a, Access.READ)));
    launch(increment, NdRange.of(ints(a)), buffer(a, Access.READ_WRITE));
    assertFalse(space().faults().isEmpty());
    space().bringHome(a);
    assertNumbered(a, 2, 1);
  }

  @Test
  void bytesAreFreshAfterEveryTrip() throws ExecutionException {
    GmRange a = space().allocate(2);
    GmKernel increment = kernel(ContractKernel.INCREMENT);
    for (int i = 0; i < 10; i++) {
      numberHost(a, i * 1_000, 1);
      launch(increment, NdRange.of(ints(a)), buffer(a, Access.READ_WRITE));
      space().bringHome(a);
      assertNumbered(a, i * 1_000 + 1, 1);
    }
  }

  @Test
  void pointersLeadToWhatIsNoArgument() throws ExecutionException {
    assumeCapability(GmCapability.SHARED_ADDRESSES);
    GmRange head = space().allocate(2);
    GmRange rest = space().allocate(3);
    GmRange out = space().allocate(1);
    long sum = TestLists.zigzag(space(), head, rest, 100);
    launch(
        kernel(ContractKernel.CHASE),
        NdRange.of(1),
        buffer(head, Access.READ),
        buffer(head, Access.READ),
        buffer(out, Access.WRITE));
    space().bringHome(out);
    assertEquals(sum, hostLong(out, 0));
  }

  @Test
  void aFaultThatCannotBeServedFailsTheLaunch() throws ExecutionException {
    GmRange a = space().allocate(1);
    GmKernel increment = kernel(ContractKernel.INCREMENT);
    long outside = space().unallocatedAddress();
    GmArgument wild = new GmArgument.Buffer(a, outside, space().granuleBytes(), Access.READ_WRITE);
    ExecutionException e =
        assertThrows(ExecutionException.class, () -> launch(increment, NdRange.of(8), wild));
    Throwable cause = e;
    while (cause != null && !(cause instanceof IllegalDeviceAccessException)) {
      cause = cause.getCause();
    }
    assertTrue(cause != null, () -> "what the handler threw must be kept: " + e);
    launch(increment, NdRange.of(8), buffer(a, Access.READ_WRITE));
  }

  @Test
  void pagesTakenFromUnderAKernelLoseNothing() throws ExecutionException {
    GmRange counter = space().allocate(1);
    GmKernel count = kernel(ContractKernel.COUNT);
    int items = 200_000;
    CompletableFuture<Long> launch =
        start(count, NdRange.of(items), buffer(counter, Access.READ_WRITE)).toCompletableFuture();
    int trips = 0;
    while (!launch.isDone()) {
      space().bringHome(counter);
      trips++;
    }
    await(launch);
    space().bringHome(counter);
    int brought = trips;
    assertEquals(items, hostInt(counter, 0), () -> "lost updates; trips=" + brought);
  }
}
