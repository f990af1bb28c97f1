package dev.gmem.core.testing;

import dev.gmem.Access;
import dev.gmem.DeviceLostException;
import dev.gmem.spi.GmAttachment;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmRange;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** The page table of a {@link FakeDevice}, and what its kernels do by it. */
abstract class FakeFrames extends FakeTraits implements GmDevice {
  /** What is mapped, and how. */
  record Frame(byte[] content, boolean writable) {}

  final String id;
  final FakeHost host;
  final Schedule schedule;
  final TreeMap<Long, Frame> frames = new TreeMap<>();
  GmAttachment attachment;
  boolean dead;

  FakeFrames(String id, FakeHost host) {
    this.id = id;
    this.host = host;
    this.schedule = host.schedule();
  }

  /** Whether it has died. */
  public synchronized boolean isDead() {
    return dead;
  }

  int lifeObject() {
    return schedule.object(id + " life");
  }

  /** Whether a granule is mapped. */
  public synchronized boolean maps(long granule) {
    return frames.containsKey(granule);
  }

  /** Whether a granule is mapped for writing. */
  public synchronized boolean mapsWritable(long granule) {
    Frame frame = frames.get(granule);
    return frame != null && frame.writable();
  }

  /** How many of the smallest granules are mapped. */
  public synchronized int mapped() {
    return frames.size();
  }

  /** How many bytes are mapped. */
  public synchronized long mappedBytes() {
    return (long) frames.size() * attachment.granuleBytes();
  }

  /** What a byte is that is mapped. */
  public synchronized byte peek(long address) {
    long granule = address & -attachment.granuleBytes();
    return frames.get(granule).content()[(int) (address - granule)];
  }

  /** Lets kernels reach a run. */
  synchronized void publish(GmRange range, List<byte[]> contents, boolean writable) {
    for (int i = 0; i < contents.size(); i++) {
      long at = range.address() + (long) i * attachment.granuleBytes();
      schedule.writes(frameObject(at));
      schedule.writes(schedule.object("permissions " + at));
      frames.put(at, new Frame(contents.get(i), writable));
    }
  }

  /** Whether there is room for a run. */
  synchronized boolean fits(GmRange range) {
    return range.bytes() <= realBytes - (long) frames.size() * attachment.granuleBytes();
  }

  /** Takes a run from kernels; returns what it held. */
  synchronized List<byte[]> withdraw(GmRange range) {
    List<byte[]> contents = new ArrayList<>();
    for (long at = range.address(); at < range.end(); at += attachment.granuleBytes()) {
      schedule.writes(frameObject(at));
      schedule.writes(schedule.object("permissions " + at));
      Frame frame = frames.remove(at);
      if (frame == null) {
        throw new AssertionError(id + " does not map " + Long.toHexString(at));
      }
      contents.add(frame.content());
    }
    return contents;
  }

  Schedule schedule() {
    return schedule;
  }

  /** The content of a granule that is mapped. */
  synchronized byte[] content(long granule, boolean write) {
    if (write) {
      schedule.writes(frameObject(granule));
    } else {
      schedule.reads(frameObject(granule));
    }
    Frame frame = frames.get(granule);
    if (frame == null || write && !frame.writable()) {
      throw new AssertionError(id + " cannot copy at " + Long.toHexString(granule));
    }
    return frame.content();
  }

  int granuleBytes() {
    return attachment.granuleBytes();
  }

  int frameObject(long granule) {
    return schedule.object(id + " frame " + granule);
  }

  void touchHost(long address, long bytes, boolean write) {
    for (long at = address; at < address + bytes; at += FakeHost.PAGE_BYTES) {
      if (write) {
        schedule.writes(host.bytesObject(at));
      } else {
        schedule.reads(host.bytesObject(at));
      }
    }
  }

  // ---- its kernels ----

  /**
   * Reads as a kernel does: faults until the address is mapped.
   *
   * @param address first byte
   * @param bytes 1 to 8
   * @return the value
   */
  public long read(long address, int bytes) {
    long[] value = new long[1];
    access(address, bytes, Access.READ, () -> value[0] = load(address, bytes));
    return value[0];
  }

  /**
   * Writes as a kernel does: faults until the address is mapped for writing.
   *
   * @param address first byte
   * @param bytes 1 to 8
   * @param value the value
   */
  public void write(long address, int bytes, long value) {
    access(address, bytes, Access.WRITE, () -> store(address, bytes, value));
  }

  /**
   * Writes a byte that nobody is to see: of a kernel that fails.
   *
   * @param address mapped
   * @param value the byte
   */
  public synchronized void scribble(long address, int value) {
    long granule = address & -attachment.granuleBytes();
    schedule.writes(frameObject(granule));
    frames.get(granule).content()[(int) (address - granule)] = (byte) value;
  }

  private void access(long address, int bytes, Access access, Runnable operation) {
    for (int faulted = 0; ; faulted++) {
      schedule.point(id + (access.writes() ? " writes " : " reads ") + Long.toHexString(address));
      synchronized (this) {
        schedule.reads(lifeObject());
        if (dead) {
          throw new DeviceLostException("its kernels end with it", id, address, bytes, null);
        }
        if (reaches(address, bytes, access.writes())) {
          operation.run();
          return;
        }
      }
      if (!capabilities().contains(GmCapability.REPLAYABLE_FAULTS)) {
        throw new AssertionError(
            id + " has lost a page under its kernel: " + Long.toHexString(address));
      }
      if (faulted == schedule.faultsMax()) {
        throw new Schedule.GivenUp();
      }
      attachment.faults().devFault(this, address, bytes, access);
    }
  }

  private boolean reaches(long address, int bytes, boolean write) {
    long granuleBytes = attachment.granuleBytes();
    boolean reaches = true;
    for (long at = address & -granuleBytes; at < address + bytes; at += granuleBytes) {
      schedule.reads(frameObject(at));
      Frame frame = frames.get(at);
      reaches &= frame != null && (frame.writable() || !write);
    }
    return reaches;
  }

  private long load(long address, int bytes) {
    long value = 0;
    for (int i = bytes - 1; i >= 0; i--) {
      long granule = (address + i) & -attachment.granuleBytes();
      value = value << 8 | frames.get(granule).content()[(int) (address + i - granule)] & 0xFF;
    }
    host.reference().read(address, bytes, value, id);
    return value;
  }

  private void store(long address, int bytes, long value) {
    for (int i = 0; i < bytes; i++) {
      long granule = (address + i) & -attachment.granuleBytes();
      schedule.writes(frameObject(granule));
      frames.get(granule).content()[(int) (address + i - granule)] = (byte) (value >>> 8 * i);
    }
    host.reference().write(address, bytes, value);
  }
}
