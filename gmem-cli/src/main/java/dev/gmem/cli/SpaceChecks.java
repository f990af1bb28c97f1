package dev.gmem.cli;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.GmemException;
import dev.gmem.GmemUnavailableException;
import dev.gmem.KernelSource;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.kernel.KernelArguments;
import dev.gmem.kernel.WorkItem;
import dev.gmem.samples.program.Summary;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDiscovery;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;

/** Examines unified memory itself: the agent, an address space, and a kernel on each device. */
final class SpaceChecks {
  private static final int COUNT = 50_000;
  private static final KernelSource TRIPLE =
      KernelSource.oneOf(
          KernelSource.openCl(
              """
              kernel void triple(global int *x) {
                size_t i = get_global_id(0);
                x[i] = 3 * x[i] + 1;
              }
              """),
          KernelSource.java("triple", SpaceChecks::triple, Parameter.READ_WRITE));

  private static void triple(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    long address = arguments.address(0) + item.globalId(0) * Integer.BYTES;
    memory.putInt(address, 3 * memory.getInt(address) + 1);
  }

  void run(Consumer<Finding> findings) {
    try (AddressSpace space = Gmem.open()) {
      findings.accept(Finding.good("agent", "attached; its self-test passed"));
      findings.accept(memory(space));
      devices(space, findings);
    } catch (GmemUnavailableException e) {
      findings.accept(
          Finding.broken("agent", e.getMessage(), "Nothing below the JDK works without it."));
    } catch (RuntimeException e) {
      findings.accept(
          Finding.broken("address space", text(e), "See what is said about memory below."));
    }
  }

  private static Finding memory(AddressSpace space) {
    String check = "address space";
    long granule = space.options().granuleBytes();
    MemorySegment stale;
    try (Arena arena = space.arena()) {
      MemorySegment segment = arena.allocate(4 * granule, granule);
      segment.set(JAVA_INT, 3 * granule, 42);
      if (segment.get(JAVA_INT, 3 * granule) != 42 || segment.get(JAVA_INT, 0) != 0) {
        return Finding.broken(check, "memory does not hold what was written", null);
      }
      stale = segment;
    }
    try {
      stale.get(JAVA_INT, 0);
      return Finding.broken(check, "memory of a closed arena can be read", null);
    } catch (IllegalStateException e) {
      return Finding.good(
          check,
          Summary.bytes(space.options().reservedBytes())
              + " reserved, granules of "
              + Summary.bytes(granule));
    }
  }

  private static void devices(AddressSpace space, Consumer<Finding> findings) {
    List<GmDiscovery> answers = Gmem.discover();
    DevicesCommand.close(answers);
    boolean any = false;
    for (GmDiscovery answer : answers) {
      switch (answer) {
        case GmDiscovery.Unavailable(String provider, String reason, _) ->
            findings.accept(Finding.note("devices of " + provider, "unavailable", reason));
        case GmDiscovery.Available(_, List<GmDevice> devices) -> {
          for (GmDevice device : devices) {
            any = true;
            findings.accept(device(space, device.id()));
          }
        }
      }
    }
    if (!any) {
      findings.accept(
          Finding.broken(
              "devices",
              "there is none",
              "Put a device, such as devices-cpu-sim, on the class path."));
    }
  }

  private static Finding device(AddressSpace space, String id) {
    String check = "device " + id;
    try (Arena arena = space.arena()) {
      Device device = space.device(id);
      MemorySegment numbers = arena.allocate(JAVA_INT, COUNT);
      for (int i = 0; i < COUNT; i++) {
        numbers.setAtIndex(JAVA_INT, i, i);
      }
      boolean computes = device.capabilities().contains(GmCapability.COMPUTE);
      if (computes) {
        device.load(TRIPLE).kernel("triple").launch(NdRange.of(COUNT), numbers).join();
      } else {
        space.prefetch(numbers, device).join();
      }
      for (int i = 0; i < COUNT; i++) {
        int expected = computes ? 3 * i + 1 : i;
        int found = numbers.getAtIndex(JAVA_INT, i);
        if (found != expected) {
          String facts = "element " + i + " is " + found + " and should be " + expected;
          return Finding.broken(check, facts, "Please report this, with the output of devices.");
        }
      }
      var statistics = space.statistics(numbers);
      return Finding.good(
          check,
          (computes ? "a kernel" : "moving there and back")
              + " gave the right result; "
              + statistics.hostFaults()
              + " host faults, "
              + Summary.bytes(statistics.bytesToDevices())
              + " there, "
              + Summary.bytes(statistics.bytesToHost())
              + " back");
    } catch (RuntimeException e) {
      return Finding.broken(check, text(e), "--device can choose another one.");
    }
  }

  private static String text(RuntimeException e) {
    String said =
        e instanceof GmemException || e instanceof IllegalArgumentException
            ? e.getMessage()
            : e.toString();
    Throwable cause = e.getCause();
    return cause == null || cause.getMessage() == null || said.contains(cause.getMessage())
        ? said
        : said + ": " + cause.getMessage();
  }
}
