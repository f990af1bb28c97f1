import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.gmem.AddressSpace;
import dev.gmem.Gmem;
import dev.gmem.Kernel;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.sim.Sim;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorSpecies;

/** Vector loads and stores of memory that lives on a device. Argument: the number of rounds. */
public class VectorProbe {
  private static final VectorSpecies<Integer> SPECIES = IntVector.SPECIES_PREFERRED;
  private static final int INTS = 4096;

  public static void main(String[] args) {
    int rounds = Integer.parseInt(args[0]);
    try (AddressSpace space = Gmem.open(SpaceOptions.defaults().withGranuleBytes(4096));
        Arena arena = space.arena()) {
      MemorySegment segment = arena.allocate(4L * INTS, 4096);
      MemorySegment sum = arena.allocate(JAVA_LONG);
      space.attach(Sim.builder("sim0").workers(1).build());
      Kernel add = kernel(space, "add", 0);
      Kernel total = kernel(space, "total", 1);
      long wanted = 0;
      for (int round = 0; round < rounds; round++) {
        add.launch(NdRange.of(4), segment, sum).join();
        long before = space.statistics().total().hostFaults();
        boolean masked = round % 2 == 1;
        work(segment, masked);
        if (space.statistics().total().hostFaults() == before) {
          throw new AssertionError("no fault in round " + round);
        }
        wanted += INTS + INTS - (masked ? INTS / 2 : 0);
        if (round % 20 == 0) {
          total.launch(NdRange.of(1), segment, sum).join();
          long seen = sum.get(JAVA_LONG, 0);
          if (seen != wanted) {
            throw new AssertionError("round " + round + ": " + seen + " for " + wanted);
          }
        }
      }
      System.out.println("VECTORS AGREE");
    }
  }

  /** Adds one to every element, or to every other one. */
  private static void work(MemorySegment segment, boolean masked) {
    for (long offset = 0; offset < segment.byteSize(); offset += SPECIES.vectorByteSize()) {
      if (masked) {
        VectorMask<Integer> mask = VectorMask.fromLong(SPECIES, 0x5555555555555555L);
        IntVector.fromMemorySegment(SPECIES, segment, offset, ByteOrder.nativeOrder(), mask)
            .add(1)
            .intoMemorySegment(segment, offset, ByteOrder.nativeOrder(), mask);
      } else {
        IntVector.fromMemorySegment(SPECIES, segment, offset, ByteOrder.nativeOrder())
            .add(1)
            .intoMemorySegment(segment, offset, ByteOrder.nativeOrder());
      }
    }
  }

  /** Adds one to each element, or adds them all up. */
  private static Kernel kernel(AddressSpace space, String name, int sums) {
    return space
        .device("sim0")
        .load(
            KernelSource.java(
                name,
                (item, memory, arguments) -> {
                  if (sums == 1) {
                    long result = 0;
                    for (long i = 0; i < INTS; i++) {
                      result += memory.getInt(arguments.address(0) + 4 * i);
                    }
                    memory.putLong(arguments.address(1), result);
                  } else {
                    long first = item.globalId(0) * (INTS / 4);
                    for (long i = first; i < first + INTS / 4; i++) {
                      long address = arguments.address(0) + 4 * i;
                      memory.putInt(address, memory.getInt(address) + 1);
                    }
                  }
                },
                Parameter.READ_WRITE,
                Parameter.READ_WRITE))
        .kernel(name);
  }
}
