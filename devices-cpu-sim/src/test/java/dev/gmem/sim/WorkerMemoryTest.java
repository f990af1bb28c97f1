package dev.gmem.sim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.Access;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.spi.GmRange;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Accesses of kernels: widths, places, atomics. */
@Timeout(120)
class WorkerMemoryTest {
  private SimRig rig;
  private GmRange range;
  private MemorySegment host;

  @BeforeEach
  void open() {
    rig = SimRig.plain();
    range = rig.space().allocate(4);
    host = rig.space().host(range);
  }

  @AfterEach
  void close() {
    rig.close();
  }

  @Test
  void everyWidthIsWrittenInTheHostsByteOrder() throws Exception {
    run(
        (item, memory, arguments) -> {
          long a = arguments.address(0);
          memory.putByte(a + 3, (byte) -2);
          memory.putShort(a + 6, (short) -3);
          memory.putInt(a + 12, 0x1234_5678);
          memory.putLong(a + 16, 0x1122_3344_5566_7788L);
          memory.putFloat(a + 24, 1.5f);
          memory.putDouble(a + 32, Math.PI);
        });
    assertThat(host.get(ValueLayout.JAVA_BYTE, 3)).isEqualTo((byte) -2);
    assertThat(host.get(ValueLayout.JAVA_SHORT, 6)).isEqualTo((short) -3);
    assertThat(host.get(ValueLayout.JAVA_INT, 12)).isEqualTo(0x1234_5678);
    assertThat(host.get(ValueLayout.JAVA_LONG, 16)).isEqualTo(0x1122_3344_5566_7788L);
    assertThat(host.get(ValueLayout.JAVA_FLOAT, 24)).isEqualTo(1.5f);
    assertThat(host.get(ValueLayout.JAVA_DOUBLE, 32)).isEqualTo(Math.PI);
    assertThat(host.asSlice(0, 3).mismatch(MemorySegment.ofArray(new byte[3]))).isEqualTo(-1);
  }

  @Test
  void everyWidthIsReadInTheHostsByteOrder() throws Exception {
    host.set(ValueLayout.JAVA_BYTE, 0, (byte) -2);
    host.set(ValueLayout.JAVA_SHORT, 2, (short) -3);
    host.set(ValueLayout.JAVA_INT, 4, 0x8234_5678);
    host.set(ValueLayout.JAVA_LONG, 8, Long.MIN_VALUE + 5);
    host.set(ValueLayout.JAVA_FLOAT, 16, -0.1f);
    host.set(ValueLayout.JAVA_DOUBLE, 24, 1e-300);
    run(
        (item, memory, arguments) -> {
          long a = arguments.address(0);
          check(memory.getByte(a), (byte) -2);
          check(memory.getShort(a + 2), (short) -3);
          check(memory.getInt(a + 4), 0x8234_5678);
          check(memory.getLong(a + 8), Long.MIN_VALUE + 5);
          check(memory.getFloat(a + 16), -0.1f);
          check(memory.getDouble(a + 24), 1e-300);
        });
  }

  @Test
  void narrowWritesLeaveTheirNeighboursAlone() throws Exception {
    host.fill((byte) 0x77);
    run(
        (item, memory, arguments) -> {
          long a = arguments.address(0);
          for (int i = 0; i < 8; i++) {
            memory.putByte(a + 16 * i + i, (byte) i);
            memory.putShort(a + 1024 + 16 * i + (i & 6), (short) i);
            memory.putInt(a + 2048 + 16 * i + (i & 4), i);
          }
        });
    MemorySegment expected = MemorySegment.ofArray(new long[512]).fill((byte) 0x77);
    for (int i = 0; i < 8; i++) {
      expected.set(ValueLayout.JAVA_BYTE, 16 * i + i, (byte) i);
      expected.set(ValueLayout.JAVA_SHORT, 1024 + 16 * i + (i & 6), (short) i);
      expected.set(ValueLayout.JAVA_INT, 2048 + 16 * i + (i & 4), i);
    }
    assertThat(expected.mismatch(host.asSlice(0, 4096))).isEqualTo(-1);
  }

  @Test
  void misalignedAccessesWorkEverywhereEvenAcrossGranules() throws Exception {
    int granule = SimRig.GRANULE_BYTES;
    run(
        (item, memory, arguments) -> {
          long a = arguments.address(0);
          for (int i = 1; i < 8; i++) {
            memory.putLong(a + 64 * i + i, 0x0102_0304_0506_0708L * i);
            memory.putInt(a + 1024 + 64 * i + i, 0x0A0B_0C0D * i);
            memory.putShort(a + 2048 + 64 * i + i, (short) (0x0E0F * i));
          }
          memory.putLong(a + granule - 3, -0x0102_0304_0506_0708L);
          memory.putDouble(a + 2 * granule - 1, Math.E);
          check(memory.getLong(a + granule - 3), -0x0102_0304_0506_0708L);
          check(memory.getDouble(a + 2 * granule - 1), Math.E);
          check(memory.getLong(a + 64 * 5 + 5), 0x0102_0304_0506_0708L * 5);
          check(memory.getInt(a + 1024 + 64 * 7 + 7), 0x0A0B_0C0D * 7);
          check(memory.getShort(a + 2048 + 64 * 7 + 7), (short) (0x0E0F * 7));
        });
    for (int i = 1; i < 8; i++) {
      assertThat(host.get(ValueLayout.JAVA_LONG_UNALIGNED, 64 * i + i))
          .isEqualTo(0x0102_0304_0506_0708L * i);
      assertThat(host.get(ValueLayout.JAVA_INT_UNALIGNED, 1024 + 64 * i + i))
          .isEqualTo(0x0A0B_0C0D * i);
      assertThat(host.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2048 + 64 * i + i))
          .isEqualTo((short) (0x0E0F * i));
    }
    assertThat(host.get(ValueLayout.JAVA_LONG_UNALIGNED, granule - 3))
        .isEqualTo(-0x0102_0304_0506_0708L);
    assertThat(host.get(ValueLayout.JAVA_DOUBLE_UNALIGNED, 2 * granule - 1)).isEqualTo(Math.E);
  }

  @Test
  void notANumberKeepsItsBits() throws Exception {
    run(
        (item, memory, arguments) -> {
          long a = arguments.address(0);
          memory.putFloat(a, Float.intBitsToFloat(0x7FC0_1234));
          memory.putDouble(a + 8, Double.longBitsToDouble(0x7FF8_0000_0000_1234L));
        });
    assertThat(host.get(ValueLayout.JAVA_INT, 0)).isEqualTo(0x7FC0_1234);
    assertThat(host.get(ValueLayout.JAVA_LONG, 8)).isEqualTo(0x7FF8_0000_0000_1234L);
  }

  @Test
  void atomicsReturnWhatWasThere() throws Exception {
    host.set(ValueLayout.JAVA_INT, 4, Integer.MAX_VALUE);
    host.set(ValueLayout.JAVA_LONG, 8, Long.MAX_VALUE);
    run(
        (item, memory, arguments) -> {
          long a = arguments.address(0);
          check(memory.getAndAddInt(a + 4, 2), Integer.MAX_VALUE);
          check(memory.getAndAddInt(a + 4, -1), Integer.MIN_VALUE + 1);
          check(memory.getAndAddLong(a + 8, 2), Long.MAX_VALUE);
          check(memory.compareAndExchangeInt(a + 4, 17, 18), Integer.MIN_VALUE);
          check(memory.compareAndExchangeInt(a + 4, Integer.MIN_VALUE, -18), Integer.MIN_VALUE);
          check(memory.compareAndExchangeLong(a + 8, 17, 18), Long.MIN_VALUE + 1);
          check(memory.compareAndExchangeLong(a + 8, Long.MIN_VALUE + 1, -1), Long.MIN_VALUE + 1);
        });
    assertThat(host.get(ValueLayout.JAVA_INT, 0)).isZero();
    assertThat(host.get(ValueLayout.JAVA_INT, 4)).isEqualTo(-18);
    assertThat(host.get(ValueLayout.JAVA_LONG, 8)).isEqualTo(-1);
  }

  @Test
  void aMisalignedAtomicFailsTheLaunchAndNamesTheAddress() throws Exception {
    DeviceKernel misaligned = (item, memory, arguments) -> memory.getAndAddLong(4, 1);
    assertThat(rig.failure(1, misaligned, range))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("address=0x4")
        .hasMessageContaining("bytes=8");
  }

  @Test
  void neighbouringNarrowWritesOfSeveralWorkersDoNotTear() throws Exception {
    int items = 8;
    int rounds = 20_000;
    run(
        items,
        (item, memory, arguments) -> {
          long own = arguments.address(0) + item.globalId(0);
          for (int i = 1; i <= rounds; i++) {
            memory.putByte(own, (byte) i);
            if (memory.getByte(own) != (byte) i) {
              throw new IllegalStateException("lost: item=" + item.globalId(0) + " round=" + i);
            }
          }
        });
  }

  @Test
  void whatOneWorkerWritesIntoZerosTheOthersSee() throws Exception {
    rig.space().map(range, false, Access.READ_WRITE);
    DeviceKernel pingPong =
        (item, memory, arguments) -> {
          long flags = arguments.address(0) + 64;
          long mine = item.globalId(0) * SimRig.GRANULE_BYTES;
          long other = SimRig.GRANULE_BYTES - mine;
          memory.getInt(flags + other);
          memory.putInt(flags + mine, 1);
          while (memory.getInt(flags + other) == 0) {
            Thread.onSpinWait();
          }
        };
    run(2, pingPong);
    assertThat(rig.space().faults()).isEmpty();
  }

  private void run(DeviceKernel body) throws Exception {
    run(1, body);
  }

  private void run(long items, DeviceKernel body) throws Exception {
    rig.run(items, body, range);
    rig.space().bringHome(range);
  }

  private static void check(Object actual, Object expected) {
    if (!actual.equals(expected)) {
      throw new IllegalStateException("expected=" + expected + " actual=" + actual);
    }
  }
}
