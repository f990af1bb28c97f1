package dev.gmem.it.space;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.PageState;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import dev.gmem.spi.GmCapability;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What residency tells, with the real agent: nothing faults for it. */
@Timeout(60)
class ResidencyIT {
  private static final int GRANULE_BYTES = 1 << 16;
  private static final long LONGS = 8L * GRANULE_BYTES / Long.BYTES;

  private static Kernel kernel(Device device, Parameter access, boolean writes) {
    return device
        .load(
            KernelSource.java(
                "touch",
                (item, memory, arguments) -> {
                  long at = arguments.address(0) + 8 * item.globalId(0);
                  long value = memory.getLong(at);
                  if (writes) {
                    memory.putLong(at, value + 1);
                  }
                },
                access))
        .kernel("touch");
  }

  @Test
  void whatAnOwnerHasReadIsCleanUntilItWrites() {
    try (AddressSpace space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(GRANULE_BYTES));
        Arena arena = space.arena()) {
      Device device =
          space.attach(
              Sim.builder("sim0")
                  .without(GmCapability.READ_ONLY_MAPPING, GmCapability.REPLAYABLE_FAULTS)
                  .build());
      Kernel read = kernel(device, Parameter.READ, false);
      Kernel write = kernel(device, Parameter.READ_WRITE, true);
      MemorySegment data = arena.allocate(JAVA_LONG, LONGS);
      for (long i = 0; i < LONGS; i++) {
        data.setAtIndex(JAVA_LONG, i, i);
      }
      read.launch(NdRange.of(LONGS), data).join();
      assertEquals(data.byteSize(), space.residency(data).bytes(PageState.DEVICE));
      assertEquals(0, space.residency(data).bytesDirty());
      MemorySegment half = data.asSlice(0, data.byteSize() / 2);
      write.launch(NdRange.of(LONGS / 2), half).join();
      assertEquals(half.byteSize(), space.residency(data).bytesDirty());
      var faults = space.statistics(data);
      assertEquals(0, faults.hostReadFaults() + faults.hostWriteFaults());
      for (long i = 0; i < LONGS; i++) {
        assertEquals(i < LONGS / 2 ? i + 1 : i, data.getAtIndex(JAVA_LONG, i));
      }
      assertEquals(half.byteSize(), space.statistics(data).bytesToHost());
      assertEquals(0, device.residentBytes());
    }
  }

  @Test
  void aNativeCallIsToldAsAPin() throws Throwable {
    try (AddressSpace space = Gmem.open();
        Arena arena = space.arena()) {
      MemorySegment data = arena.allocate(JAVA_LONG, 4);
      List<Integer> pins = new ArrayList<>();
      Linker linker = Linker.nativeLinker();
      MethodHandle comparator =
          MethodHandles.insertArguments(
              MethodHandles.lookup()
                  .findStatic(
                      ResidencyIT.class,
                      "compare",
                      MethodType.methodType(
                          int.class, Runnable.class, MemorySegment.class, MemorySegment.class)),
              0,
              (Runnable) () -> pins.add(space.residency(data).pins()));
      MemorySegment upcall =
          linker.upcallStub(
              comparator, FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS), Arena.ofAuto());
      linker
          .downcallHandle(
              linker.defaultLookup().find("qsort").orElseThrow(),
              FunctionDescriptor.ofVoid(ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS))
          .invoke(data, 2L, 8L, upcall);
      assertEquals(1, pins.getFirst());
      assertEquals(0, space.residency(data).pins());
    }
  }

  static int compare(Runnable look, MemorySegment left, MemorySegment right) {
    look.run();
    return 0;
  }
}
