package dev.gmem.core.space;

import dev.gmem.FileBackingException;
import dev.gmem.core.engine.Backing;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A part of a file, read and written piece by piece.
 *
 * <p>The file is never mapped by the operating system: a page of a mapped file that has been
 * truncated, or that the disk has no room for, is a signal in the middle of an access. And it is no
 * channel: a channel is closed when a thread that uses it is interrupted, and here that is whatever
 * thread happens to touch the memory first.
 */
final class MappedFile implements Backing {
  private static final int PIECE_BYTES = 1 << 18;

  private final Path path;
  private final RandomAccessFile file;
  private final boolean shared;
  private final long position;
  private final long bytes;
  private final ReentrantLock lock = new ReentrantLock();

  /** Made when it is first needed, under the lock. */
  private byte[] piece;

  private MappedFile(Path path, RandomAccessFile file, boolean shared, long position, long bytes) {
    this.path = path;
    this.file = file;
    this.shared = shared;
    this.position = position;
    this.bytes = bytes;
  }

  /**
   * Opens a file.
   *
   * @param path where it is
   * @param shared whether what is written goes back to it
   * @param position first byte
   * @param bytes how many
   * @return the file
   * @throws FileBackingException if it cannot be opened, or is too short
   */
  static MappedFile open(Path path, boolean shared, long position, long bytes) {
    RandomAccessFile file = null;
    boolean opened = false;
    try {
      if (shared && !path.toFile().exists()) {
        throw new NoSuchFileException(path.toString());
      }
      file = new RandomAccessFile(path.toFile(), shared ? "rw" : "r");
      MappedFile mapped = new MappedFile(path, file, shared, position, bytes);
      mapped.checkLength(position + bytes);
      opened = true;
      return mapped;
    } catch (IOException e) {
      throw new FileBackingException(
          "a file cannot be mapped; it must be there, with the rights that the mode needs, and as"
              + " long as what is mapped of it",
          path,
          position,
          bytes,
          e);
    } finally {
      if (!opened && file != null) {
        closeQuietly(file);
      }
    }
  }

  private static void closeQuietly(RandomAccessFile file) {
    try {
      file.close();
    } catch (IOException e) {
      // Nothing has been written to it, and another error is on its way.
    }
  }

  private void checkLength(long needed) throws IOException {
    long length = file.length();
    if (length < needed) {
      throw new EOFException("the file is too short: length=" + length + " needed=" + needed);
    }
  }

  @Override
  public boolean isShared() {
    return shared;
  }

  @Override
  public void read(long offset, MemorySegment into) {
    long inFile = Math.min(into.byteSize(), bytes - offset);
    lock.lock();
    try {
      file.seek(position + offset);
      for (long done = 0; done < inFile; ) {
        byte[] buffer = piece();
        int part = (int) Math.min(buffer.length, inFile - done);
        readFully(buffer, part);
        MemorySegment.copy(MemorySegment.ofArray(buffer), 0, into, done, part);
        done += part;
      }
    } catch (IOException e) {
      throw failure(
          "memory could not be read from its file; has it been truncated?", offset, inFile, e);
    } finally {
      lock.unlock();
    }
    into.asSlice(inFile).fill((byte) 0);
  }

  private void readFully(byte[] buffer, int part) throws IOException {
    for (int done = 0; done < part; ) {
      int count = file.read(buffer, done, part - done);
      if (count < 0) {
        checkLength(file.getFilePointer() + part - done);
        throw new EOFException("the file ends at " + file.getFilePointer());
      }
      done += count;
    }
  }

  @Override
  public void write(long offset, MemorySegment from) {
    long inFile = Math.min(from.byteSize(), bytes - offset);
    lock.lock();
    try {
      checkLength(position + offset + inFile); // what was cut off does not come back by itself
      file.seek(position + offset);
      for (long done = 0; done < inFile; ) {
        byte[] buffer = piece();
        int part = (int) Math.min(buffer.length, inFile - done);
        MemorySegment.copy(from, done, MemorySegment.ofArray(buffer), 0, part);
        file.write(buffer, 0, part);
        done += part;
      }
    } catch (IOException e) {
      throw failure(
          "memory could not be written to its file, and is still to be; make room, or make the file"
              + " as long as it was, and flush again",
          offset,
          inFile,
          e);
    } finally {
      lock.unlock();
    }
  }

  private byte[] piece() {
    if (piece == null) {
      piece = new byte[(int) Math.min(PIECE_BYTES, bytes)];
    }
    return piece;
  }

  @Override
  public void sync() {
    try {
      file.getFD().sync();
    } catch (IOException e) {
      throw failure("a file could not be brought to its disk", 0, bytes, e);
    }
  }

  @Override
  public void close() {
    try {
      file.close();
    } catch (IOException e) {
      throw failure("a file could not be closed", 0, bytes, e);
    }
  }

  private FileBackingException failure(String rule, long offset, long count, IOException cause) {
    return new FileBackingException(rule, path, position + offset, count, cause);
  }
}
