package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.gmem.Kernel;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.kernel.KernelArguments;
import dev.gmem.kernel.WorkItem;
import dev.gmem.samples.console.Refusal;
import java.lang.foreign.MemorySegment;
import picocli.CommandLine.Option;

/** Adds two vectors: the smallest program that shows what unified memory is. */
public final class VectorAdd implements Sample {
  private static final long N_MAX = 1L << 28;

  @Option(
      names = "--n",
      paramLabel = "COUNT",
      description = "Length of the vectors (default: ${DEFAULT-VALUE}).")
  private long n = 1 << 20;

  /** Makes one with default options. */
  public VectorAdd() {}

  private static void add(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    long offset = item.globalId(0) * Float.BYTES;
    float a = memory.getFloat(arguments.address(0) + offset);
    float b = memory.getFloat(arguments.address(1) + offset);
    memory.putFloat(arguments.address(2) + offset, a + b);
  }

  @Override
  public String name() {
    return "vector-add";
  }

  @Override
  public String description() {
    return "Adds two vectors.";
  }

  @Override
  public void prepare() {
    Refusal.requireRange("--n", n, 1, N_MAX);
  }

  @Override
  public Outcome run(SampleRun run) {
    MemorySegment a = run.buffer("a", JAVA_FLOAT, n);
    MemorySegment b = run.buffer("b", JAVA_FLOAT, n);
    MemorySegment c = run.buffer("c", JAVA_FLOAT, n);
    for (long i = 0; i < n; i++) {
      a.setAtIndex(JAVA_FLOAT, i, left(i));
      b.setAtIndex(JAVA_FLOAT, i, right(i));
    }

    Kernel add =
        run.kernel(
            "vector_add", VectorAdd::add, Parameter.READ, Parameter.READ, Parameter.OVERWRITE);
    run.await("vector_add", add.launch(NdRange.of(n), a, b, c));
    run.noteResidency("after the kernel");

    long middle = n / 2;
    long beforeBytes = run.space().statistics(c).bytesToHost();
    float value = c.getAtIndex(JAVA_FLOAT, middle);
    long movedBytes = run.space().statistics(c).bytesToHost() - beforeBytes;
    run.say(
        "c[%,d] = %,.1f; reading it brought %s of c's %s home",
        middle, value, Summary.bytes(movedBytes), Summary.bytes(c.byteSize()));

    long wrong = 0;
    for (long i = 0; i < n; i++) {
      if (c.getAtIndex(JAVA_FLOAT, i) != left(i) + right(i)) {
        wrong++;
      }
    }
    run.noteResidency("at the end");
    return Outcome.of(wrong == 0, "%,d of %,d sums differ from plain Java's", wrong, n)
        .with("n", n)
        .with("middle", value)
        .with("bytesToHostForOneRead", movedBytes);
  }

  private static float left(long i) {
    return 0.5f * i;
  }

  private static float right(long i) {
    return 1000f - i % 777;
  }
}
