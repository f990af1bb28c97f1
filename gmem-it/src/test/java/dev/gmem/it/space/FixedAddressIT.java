package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gmem.AddressSpace;
import dev.gmem.DeviceException;
import dev.gmem.Gmem;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import dev.gmem.spi.GmStatus;
import dev.gmem.testkit.injection.InjectedDevice;
import dev.gmem.testkit.injection.Injection;
import dev.gmem.testkit.injection.Injection.Injected;
import dev.gmem.testkit.injection.SpiCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Fixed addresses with the real agent, on three devices of which each in turn refuses. */
@Timeout(120)
class FixedAddressIT {
  private static final int GRANULE_BYTES = 1 << 16;

  @Test
  void everyDeviceHasItOrNone() {
    try (AddressSpace space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES))) {
      List<InjectedDevice> devices = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        devices.add(InjectedDevice.of(Sim.builder("sim" + i).build()));
        space.attach(devices.getLast());
      }
      long address = space.reservedAddress() + 100L * GRANULE_BYTES;
      for (InjectedDevice refusing : devices) {
        refuse(space, devices, refusing, address);
      }
      try (Arena arena = space.arena()) {
        MemorySegment data = space.allocateAt(arena, address, 2 * GRANULE_BYTES);
        assertEquals(address, data.address());
        for (int i = 0; i < 3; i++) {
          data.set(JAVA_INT, GRANULE_BYTES, i);
          space
              .device("sim" + i)
              .load(
                  KernelSource.java(
                      "increment",
                      (item, memory, arguments) -> {
                        long at = address + GRANULE_BYTES;
                        memory.putInt(at, memory.getInt(at) + 10);
                      },
                      Parameter.READ_WRITE))
              .kernel("increment")
              .launch(NdRange.of(1), data)
              .join();
          assertEquals(i + 10, data.get(JAVA_INT, GRANULE_BYTES));
        }
      }
      assertEquals(0, space.statistics().allocatedBytes());
    }
  }

  private static void refuse(
      AddressSpace space, List<InjectedDevice> devices, InjectedDevice refusing, long address) {
    for (GmStatus status :
        new GmStatus[] {GmStatus.PAGE_EXIST, GmStatus.NOMEM, GmStatus.FAILURE_UNKNOWN, null}) {
      long[] before = balance(devices);
      refusing.inject(
          status == null
              ? Injection.on(SpiCall.PEER_VA_ALLOC).throwing(Injected::new)
              : Injection.on(SpiCall.PEER_VA_ALLOC).returning(status));
      try (Arena arena = space.arena()) {
        DeviceException failure =
            assertThrows(
                DeviceException.class, () -> space.allocateAt(arena, address, 2 * GRANULE_BYTES));
        assertTrue(failure.getMessage().contains("device=" + refusing.id()), failure.getMessage());
        assertEquals(0, space.statistics().allocatedBytes());
      }
      refusing.injector().clear();
      long[] after = balance(devices);
      for (int i = 0; i < after.length; i++) {
        int refused = devices.get(i) == refusing ? 1 : 0;
        assertEquals(before[i] + refused, after[i], "device " + i + " keeps what it was told of");
      }
    }
  }

  /** Reservations that were asked for, less those that were given back. */
  private static long[] balance(List<InjectedDevice> devices) {
    return devices.stream()
        .mapToLong(
            d ->
                d.injector().calls(SpiCall.PEER_VA_ALLOC)
                    - d.injector().calls(SpiCall.PEER_VA_FREE))
        .toArray();
  }
}
