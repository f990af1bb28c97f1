package dev.gmem.aparapi;

import dev.gmem.kernel.DeviceMemory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Memory that is not unified: private to a work item, or local to a work group. Addresses begin at
 * 0. Threads: one at a time, as the items of a group that runs on the host's threads do.
 */
final class ScratchMemory implements DeviceMemory {
  private static final VarHandle SHORT = view(short[].class);
  private static final VarHandle INT = view(int[].class);
  private static final VarHandle LONG = view(long[].class);
  private static final VarHandle FLOAT = view(float[].class);
  private static final VarHandle DOUBLE = view(double[].class);

  private final byte[] bytes;

  ScratchMemory(long size) {
    bytes = new byte[Math.toIntExact(size)];
  }

  private static VarHandle view(Class<?> arrays) {
    return MethodHandles.byteArrayViewVarHandle(arrays, ByteOrder.nativeOrder());
  }

  @Override
  public byte getByte(long address) {
    return bytes[(int) address];
  }

  @Override
  public void putByte(long address, byte value) {
    bytes[(int) address] = value;
  }

  @Override
  public short getShort(long address) {
    return (short) SHORT.get(bytes, (int) address);
  }

  @Override
  public void putShort(long address, short value) {
    SHORT.set(bytes, (int) address, value);
  }

  @Override
  public int getInt(long address) {
    return (int) INT.get(bytes, (int) address);
  }

  @Override
  public void putInt(long address, int value) {
    INT.set(bytes, (int) address, value);
  }

  @Override
  public long getLong(long address) {
    return (long) LONG.get(bytes, (int) address);
  }

  @Override
  public void putLong(long address, long value) {
    LONG.set(bytes, (int) address, value);
  }

  @Override
  public float getFloat(long address) {
    return (float) FLOAT.get(bytes, (int) address);
  }

  @Override
  public void putFloat(long address, float value) {
    FLOAT.set(bytes, (int) address, value);
  }

  @Override
  public double getDouble(long address) {
    return (double) DOUBLE.get(bytes, (int) address);
  }

  @Override
  public void putDouble(long address, double value) {
    DOUBLE.set(bytes, (int) address, value);
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
