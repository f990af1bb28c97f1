package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * What the facets of the contract have in common: each test gets a device of its own, attached to a
 * {@link TestSpace}, and everything is unmapped and closed after it.
 */
public abstract class FacetContract {
  private static final long MEMORY_BYTES_MAX = 256L << 20;
  private TestSpace space;

  /** For subclasses. */
  protected FacetContract() {}

  /**
   * Says which device to test. The one method that an implementer overrides.
   *
   * @return the fixture; the same one each time, or equivalent ones
   */
  protected abstract DeviceFixture fixture();

  @BeforeEach
  final void attachDevice() {
    space = TestSpace.attach(fixture().newDevice(), fixture().granuleBytes());
  }

  @AfterEach
  final void closeSpace() {
    if (space != null) {
      space.close();
    }
  }

  /**
   * Returns the space of this test.
   *
   * @return open until the test ends
   */
  protected final TestSpace space() {
    return space;
  }

  /**
   * Returns the device of this test.
   *
   * @return attached to the space
   */
  protected final GmDevice device() {
    return space.device();
  }

  /**
   * Skips the test, visibly, if the device lacks a capability.
   *
   * @param capability what it needs
   */
  protected final void assumeCapability(GmCapability capability) {
    assumeTrue(
        device().capabilities().contains(capability),
        () -> "skipped: " + device().id() + " does not declare " + capability);
  }

  /**
   * Skips the test, visibly, if the device works on the host frames themselves: it has no copy that
   * could differ from them.
   */
  protected final void assumeBytesMove() {
    assumeFalse(
        device().capabilities().contains(GmCapability.HOST_COHERENT),
        () -> "skipped: " + device().id() + " works on the host frames themselves");
  }

  /** Skips the test, visibly, if the device has more memory than a test should fill. */
  protected final void assumeSmallMemory() {
    assumeTrue(
        device().memoryBytes() <= MEMORY_BYTES_MAX,
        () ->
            "skipped: "
                + device().id()
                + " is too large to be filled: memoryBytes="
                + device().memoryBytes());
  }

  /**
   * Skips the test, visibly, if an optional call is not implemented.
   *
   * @param call its name
   * @param status what it returned
   * @return the status
   */
  protected final GmStatus assumeImplemented(String call, GmStatus status) {
    assumeTrue(
        status != GmStatus.UNIMPLEMENTED,
        () -> "skipped: " + device().id() + " does not implement " + call);
    return status;
  }

  /**
   * Requires a call to succeed.
   *
   * @param status what it returned
   */
  protected static void assertSuccess(GmStatus status) {
    assertEquals(GmStatus.SUCCESS, status);
  }

  /**
   * Waits for something asynchronous.
   *
   * @param <T> what it completes with
   * @param stage what to wait for
   * @return what it completed with
   * @throws ExecutionException if it failed
   */
  protected final <T> T await(CompletionStage<T> stage) throws ExecutionException {
    try {
      return stage.toCompletableFuture().get(fixture().timeout().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return fail("nothing happened within " + fixture().timeout(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return fail("interrupted", e);
    }
  }

  /**
   * Fills the host frames of a range with a pattern that depends on place and seed, so that bytes
   * from elsewhere, or from another time, are told apart.
   *
   * @param range what to fill
   * @param seed which pattern
   */
  protected final void fillHost(GmRange range, long seed) {
    fill(space.host(range), range.address(), seed);
  }

  /**
   * Requires the host frames of a range to hold a pattern.
   *
   * @param range what to check
   * @param seed which pattern
   */
  protected final void assertHost(GmRange range, long seed) {
    MemorySegment expected = MemorySegment.ofArray(new long[(int) (range.bytes() / Long.BYTES)]);
    fill(expected, range.address(), seed);
    assertSame(expected, range);
  }

  /**
   * Requires the host frames of a range to hold one value in each byte.
   *
   * @param range what to check
   * @param value the value
   */
  protected final void assertHostFilled(GmRange range, byte value) {
    MemorySegment expected = MemorySegment.ofArray(new long[(int) (range.bytes() / Long.BYTES)]);
    assertSame(expected.fill(value), range);
  }

  private void assertSame(MemorySegment expected, GmRange range) {
    MemorySegment actual = space.host(range);
    long mismatch = expected.mismatch(actual);
    if (mismatch >= 0) {
      fail(
          "wrong byte at offset "
              + mismatch
              + " of "
              + range
              + ": expected="
              + expected.get(ValueLayout.JAVA_BYTE, mismatch)
              + " actual="
              + actual.get(ValueLayout.JAVA_BYTE, mismatch));
    }
  }

  private static void fill(MemorySegment target, long address, long seed) {
    for (long offset = 0; offset < target.byteSize(); offset += Long.BYTES) {
      target.set(ValueLayout.JAVA_LONG, offset, pattern(address + offset, seed));
    }
  }

  /** A bijection that scatters: the finalizer of SplitMix64 (Steele, Lea, Flood 2014). */
  private static long pattern(long address, long seed) {
    long z = address + seed * 0x9E37_79B9_7F4A_7C15L;
    z = (z ^ z >>> 30) * 0xBF58_476D_1CE4_E5B9L;
    z = (z ^ z >>> 27) * 0x94D0_49BB_1331_11EBL;
    return z ^ z >>> 31;
  }
}
