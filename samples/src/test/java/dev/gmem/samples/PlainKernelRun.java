package dev.gmem.samples;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.gmem.Argument;
import dev.gmem.NdRange;
import dev.gmem.kernel.DeviceKernel;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.kernel.KernelArguments;
import dev.gmem.kernel.WorkItem;
import java.lang.foreign.MemorySegment;

/** Runs a Java kernel on the calling thread, over ordinary memory. */
final class PlainKernelRun implements WorkItem, KernelArguments, DeviceMemory {
  private static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private final NdRange range;
  private final Object[] arguments;
  private final long[] position = new long[3];

  private PlainKernelRun(NdRange range, Object[] arguments) {
    this.range = range;
    this.arguments = arguments;
  }

  static void run(DeviceKernel body, NdRange range, Object... arguments) {
    PlainKernelRun run = new PlainKernelRun(range, arguments);
    long[] p = run.position;
    for (p[2] = 0; p[2] < range.globalSize(2); p[2]++) {
      for (p[1] = 0; p[1] < range.globalSize(1); p[1]++) {
        for (p[0] = 0; p[0] < range.globalSize(0); p[0]++) {
          body.run(run, run, run);
        }
      }
    }
  }

  @Override
  public long globalId(int dimension) {
    return dimension < 3 ? position[dimension] : 0;
  }

  @Override
  public long globalSize(int dimension) {
    return range.globalSize(dimension);
  }

  @Override
  public long localId(int dimension) {
    return 0;
  }

  @Override
  public long localSize(int dimension) {
    return 1;
  }

  private MemorySegment segment(int index) {
    return arguments[index] instanceof Argument.Buffer buffer
        ? buffer.segment()
        : (MemorySegment) arguments[index];
  }

  @Override
  public int count() {
    return arguments.length;
  }

  @Override
  public long address(int index) {
    return segment(index).address();
  }

  @Override
  public long bytes(int index) {
    return segment(index).byteSize();
  }

  @Override
  public int getInt(int index) {
    return (Integer) arguments[index];
  }

  @Override
  public long getLong(int index) {
    return ((Number) arguments[index]).longValue();
  }

  @Override
  public float getFloat(int index) {
    return (Float) arguments[index];
  }

  @Override
  public double getDouble(int index) {
    return ((Number) arguments[index]).doubleValue();
  }

  @Override
  public byte getByte(long address) {
    return ALL.get(JAVA_BYTE, address);
  }

  @Override
  public void putByte(long address, byte value) {
    ALL.set(JAVA_BYTE, address, value);
  }

  @Override
  public short getShort(long address) {
    return ALL.get(JAVA_SHORT, address);
  }

  @Override
  public void putShort(long address, short value) {
    ALL.set(JAVA_SHORT, address, value);
  }

  @Override
  public int getInt(long address) {
    return ALL.get(JAVA_INT, address);
  }

  @Override
  public void putInt(long address, int value) {
    ALL.set(JAVA_INT, address, value);
  }

  @Override
  public long getLong(long address) {
    return ALL.get(JAVA_LONG, address);
  }

  @Override
  public void putLong(long address, long value) {
    ALL.set(JAVA_LONG, address, value);
  }

  @Override
  public float getFloat(long address) {
    return ALL.get(JAVA_FLOAT, address);
  }

  @Override
  public void putFloat(long address, float value) {
    ALL.set(JAVA_FLOAT, address, value);
  }

  @Override
  public double getDouble(long address) {
    return ALL.get(JAVA_DOUBLE, address);
  }

  @Override
  public void putDouble(long address, double value) {
    ALL.set(JAVA_DOUBLE, address, value);
  }

  @Override
  public int getAndAddInt(long address, int delta) {
    int old = getInt(address);
    putInt(address, old + delta);
    return old;
  }

  @Override
  public int compareAndExchangeInt(long address, int expected, int value) {
    int old = getInt(address);
    if (old == expected) {
      putInt(address, value);
    }
    return old;
  }

  @Override
  public long getAndAddLong(long address, long delta) {
    long old = getLong(address);
    putLong(address, old + delta);
    return old;
  }

  @Override
  public long compareAndExchangeLong(long address, long expected, long value) {
    long old = getLong(address);
    if (old == expected) {
      putLong(address, value);
    }
    return old;
  }
}
