package dev.gmem.core.testing;

import java.util.concurrent.ConcurrentHashMap;

/**
 * What memory should hold: one array for everybody. Each access of the CPU and of devices is noted
 * here in the moment it is made; a read must find what was written last.
 */
public final class Reference {
  private static final long PAGE_BYTES = 4096;

  private final Schedule schedule;
  private final ConcurrentHashMap<Long, Byte> content = new ConcurrentHashMap<>();

  Reference(Schedule schedule) {
    this.schedule = schedule;
  }

  void write(long address, int bytes, long value) {
    for (int i = 0; i < bytes; i++) {
      schedule.writes(object(address + i));
      content.put(address + i, (byte) (value >>> 8 * i));
    }
  }

  void read(long address, int bytes, long value, String who) {
    long expected = expected(address, bytes);
    for (int i = 0; i < bytes; i++) {
      schedule.reads(object(address + i));
    }
    if (value != expected) {
      throw new AssertionError(
          who
              + " read "
              + Long.toHexString(value)
              + " at "
              + Long.toHexString(address)
              + ", last written was "
              + Long.toHexString(expected));
    }
  }

  /**
   * Returns what was written last.
   *
   * @param address first byte
   * @param bytes 1 to 8
   * @return the value, zero where nothing was written
   */
  public long expected(long address, int bytes) {
    long value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      value = value << 8 | content.getOrDefault(address + i, (byte) 0) & 0xFF;
    }
    return value;
  }

  /**
   * Forgets a range: it has been freed, or its contents are undefined until written again.
   *
   * @param address first byte
   * @param bytes how many
   */
  public void forget(long address, long bytes) {
    content.keySet().removeIf(at -> at >= address && at < address + bytes);
  }

  /**
   * Notes what a copy has written, which is no access of the CPU or of a device.
   *
   * @param address first byte
   * @param bytes what they are now
   */
  public void put(long address, byte[] bytes) {
    for (int i = 0; i < bytes.length; i++) {
      content.put(address + i, bytes[i]);
    }
    for (long at = address; at < address + bytes.length; at += PAGE_BYTES) {
      schedule.writes(object(at));
    }
    schedule.writes(object(address + bytes.length - 1));
  }

  /** Notes that a range reads as zero from now on. */
  void clear(long address, long bytes) {
    for (long at = address; at < address + bytes; at += PAGE_BYTES) {
      schedule.writes(object(at));
    }
    forget(address, bytes);
  }

  /** Notes that a range holds what another one held, which is gone. */
  void move(long from, long to, long bytes) {
    clear(to, bytes);
    for (long at = 0; at < bytes; at++) {
      Byte value = content.remove(from + at);
      if (value != null) {
        content.put(to + at, value);
      }
    }
    clear(from, bytes);
  }

  /** What is done with each byte. */
  interface Visitor {
    /** Visits one. */
    void visit(long address, byte value);
  }

  void forEach(Visitor visitor) {
    content.forEach(visitor::visit);
  }

  private int object(long address) {
    return schedule.object("value " + address / PAGE_BYTES * PAGE_BYTES);
  }
}
