package dev.gmem.it.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.core.host.HostPlatform;
import dev.gmem.core.host.HostPlatforms;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Memory of the operating system: reserved, committed, touched, given back. */
class HostPlatformIT {
  private static final long PAGE = 1 << 16; // a multiple of the page everywhere
  private static final long TIB = 1L << 40;

  private final HostPlatform platform = HostPlatforms.installed();

  @ParameterizedTest
  @ValueSource(longs = {4096, 1 << 16, 1 << 21, 1 << 30})
  void reservationsAreAligned(long alignment) {
    long address = platform.reserve(4 * alignment, alignment);
    assertThat(address % alignment).isZero();
    platform.commit(address + 3 * alignment, 4096);
    platform.raw(address + 3 * alignment, 4096).fill((byte) 1);
    platform.unreserve(address, 4 * alignment);
  }

  @Test
  void aTebibyteCostsNothingUntilItIsTouched() {
    long address = platform.reserve(TIB, 1 << 21);
    platform.commit(address + TIB / 2, PAGE);
    assertThat(platform.touched(address + TIB / 2, PAGE)).isFalse();
    platform.unreserve(address, TIB);
  }

  @Test
  void whatTheSystemRefusesIsSaidWithItsReason() {
    assertThatThrownBy(() -> platform.reserve(1L << 60, 4096))
        .isInstanceOf(AddressSpaceExhaustedException.class)
        .hasMessageContaining("bytes=1152921504606846976")
        .hasMessageContaining("errno=12 (ENOMEM");
    assertThatThrownBy(() -> platform.commit(1, PAGE))
        .isInstanceOf(AddressSpaceExhaustedException.class)
        .hasMessageContaining("errno=22 (EINVAL");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void framesMoveAndLeaveUntouchedMemoryBehind(boolean inPieces) {
    long address = platform.reserve(16 * PAGE, PAGE);
    platform.commit(address, 16 * PAGE);
    for (int page = 0; page < 8; page += 2) {
      platform.raw(address + page * PAGE, PAGE).fill((byte) (page + 1));
    }
    if (inPieces) {
      platform.discard(
          address + PAGE, PAGE); // one mapping no longer: the system refuses to move it
    }
    platform.raw(address + 8 * PAGE, 4 * PAGE).fill((byte) 99);
    platform.moveFrames(address, address + 8 * PAGE, 4 * PAGE);
    assertThat(platform.touched(address, 4 * PAGE)).isFalse();
    if (!inPieces) {
      assertThat(platform.touched(address + 9 * PAGE, PAGE)).as("not copied").isFalse();
    }
    MemorySegment moved = platform.raw(address + 8 * PAGE, 4 * PAGE);
    for (int page = 0; page < 4; page++) {
      for (long at = 0; at < PAGE; at += 1000) {
        assertThat(moved.get(ValueLayout.JAVA_BYTE, page * PAGE + at))
            .isEqualTo((byte) (page % 2 == 0 ? page + 1 : 0));
      }
    }
    assertThat(platform.raw(address + 4 * PAGE, 1).get(ValueLayout.JAVA_BYTE, 0))
        .isEqualTo((byte) 5);
    platform.raw(address, 4 * PAGE).fill((byte) 3);
    platform.moveFrames(address, address + 4 * PAGE, 4 * PAGE);
    assertThat(platform.raw(address + 7 * PAGE, 1).get(ValueLayout.JAVA_BYTE, 0))
        .isEqualTo((byte) 3);
    platform.unreserve(address, 16 * PAGE);
  }

  @Test
  void touchedPagesAreTold() {
    long address = platform.reserve(16 * PAGE, PAGE);
    platform.commit(address, 16 * PAGE);
    assertThat(platform.touched(address, 16 * PAGE)).isFalse();
    platform.raw(address + 8 * PAGE, PAGE).set(ValueLayout.JAVA_BYTE, 100, (byte) 1);
    assertThat(platform.touched(address, 8 * PAGE)).isFalse();
    assertThat(platform.touched(address + 8 * PAGE, 1)).isTrue();
    assertThat(platform.touched(address, 16 * PAGE)).isTrue();
    assertThat(platform.touched(address + 9 * PAGE, 7 * PAGE)).isFalse();
    platform.unreserve(address, 16 * PAGE);
  }

  @Test
  void whatIsCommittedAgainIsZeroAgain() {
    long address = platform.reserve(PAGE, PAGE);
    platform.commit(address, PAGE);
    MemorySegment raw = platform.raw(address, PAGE);
    raw.fill((byte) 7);
    platform.decommit(address, PAGE);
    platform.commit(address, PAGE);
    assertThat(platform.touched(address, PAGE)).isFalse();
    assertThat(raw.get(ValueLayout.JAVA_BYTE, PAGE - 1)).isZero();
    platform.unreserve(address, PAGE);
  }

  @Test
  void manyRegionsComeAndGo() {
    Twin[] twins = new Twin[300];
    for (int round = 0; round < 3; round++) {
      for (int i = round; i < twins.length; i += round + 1) {
        if (twins[i] != null) {
          twins[i].close();
        }
        twins[i] = new Twin(4096, 4096);
      }
      for (int i = 0; i < twins.length; i++) {
        if (twins[i] != null) {
          twins[i].segment().set(ValueLayout.JAVA_INT, 0, i);
          twins[i].toDevice();
        }
      }
      for (int i = 0; i < twins.length; i++) {
        if (twins[i] != null) {
          assertThat(twins[i].segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(i);
        }
      }
    }
    for (Twin twin : twins) {
      twin.close();
    }
  }
}
