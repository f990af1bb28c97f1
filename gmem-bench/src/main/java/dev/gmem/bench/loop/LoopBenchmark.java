package dev.gmem.bench.loop;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The loops of {@link Loops} under JMH. One side only: {@link LoopPairs} starts JVMs for both sides
 * in turns.
 *
 * <p>Times single invocations, so that one that lost the processor to another program can be told
 * from the others. None is shorter than a pass over {@value #INVOCATION_BYTES_MIN} bytes, to make
 * the clock's own cost small.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LoopBenchmark {
  static final int INVOCATION_BYTES_MIN = 1 << 20;
  private static final float FACTOR = 0.5f;

  /** Where the memory comes from. */
  @Param("RAW")
  public LoopMemory.Kind kind;

  /** What happened before; {@code PLAIN} is for JVMs without the agent. */
  @Param("PLAIN")
  public LoopMemory.History history;

  /** Size of each operand, a power of two. */
  @Param("1048576")
  public long bytes;

  private LoopMemory memory;
  private MemorySegment x;
  private MemorySegment y;
  private ByteBuffer buffer;
  private int passes;
  private int seed;

  /** Makes the state; JMH calls this. */
  public LoopBenchmark() {}

  /** Allocates and fills. */
  @Setup(Level.Trial)
  public void open() {
    memory = LoopMemory.open(kind, history);
    x = memory.allocate(bytes);
    y = memory.allocate(bytes);
    // In bulk: the loops are to meet a profile that only the history has formed.
    x.fill((byte) 0);
    y.fill((byte) 0);
    memory.makeHistory();
    buffer = x.asByteBuffer().order(ByteOrder.nativeOrder());
    passes = passes(bytes);
  }

  /** Checks the conditions and frees. */
  @TearDown(Level.Trial)
  public void close() {
    memory.verify();
    memory.close();
  }

  static int passes(long bytes) {
    return (int) Math.max(1, INVOCATION_BYTES_MIN / bytes);
  }

  /**
   * Measures {@link Loops#sum(MemorySegment)}.
   *
   * @return for JMH
   */
  @Benchmark
  public int sum() {
    int sum = 0;
    for (int i = 0; i < passes; i++) {
      sum += Loops.sum(x);
    }
    return sum;
  }

  /** Measures {@link Loops#fill}. */
  @Benchmark
  public void fill() {
    for (int i = 0; i < passes; i++) {
      Loops.fill(x, seed++);
    }
  }

  /** Measures {@link Loops#saxpy}. */
  @Benchmark
  public void saxpy() {
    for (int i = 0; i < passes; i++) {
      Loops.saxpy(FACTOR, x, y);
    }
  }

  /**
   * Measures {@link Loops#randomReads}.
   *
   * @return for JMH
   */
  @Benchmark
  public int random() {
    return Loops.randomReads(x, seed++);
  }

  /**
   * Measures {@link Loops#sum(ByteBuffer)}.
   *
   * @return for JMH
   */
  @Benchmark
  public int buffer() {
    int sum = 0;
    for (int i = 0; i < passes; i++) {
      sum += Loops.sum(buffer);
    }
    return sum;
  }
}
