package dev.gmem;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that memory is {@linkplain AddressSpace#map mapped} from could not be read or written. A
 * read that fails leaves the memory unread, and the next access tries again; a write that fails
 * leaves it dirty, and the next flush does. The cause is what the operating system said.
 */
public class FileBackingException extends GmemException {
  private static final long serialVersionUID = 1L;

  /** Path of the file. */
  private final String file;

  /** First byte concerned. */
  private final long position;

  /** Bytes concerned. */
  private final long bytes;

  /**
   * Makes one.
   *
   * @param rule what could not be done, and what to do about it
   * @param file the file
   * @param position first byte concerned, in the file
   * @param bytes bytes concerned
   * @param cause what went wrong
   */
  public FileBackingException(
      String rule, Path file, long position, long bytes, IOException cause) {
    super(
        rule
            + ": file="
            + file
            + " position="
            + position
            + " bytes="
            + bytes
            + (cause == null ? "" : " cause=" + cause.getMessage()),
        cause);
    this.file = file.toString();
    this.position = position;
    this.bytes = bytes;
  }

  /**
   * Returns the file.
   *
   * @return its path
   */
  public String file() {
    return file;
  }

  /**
   * Returns where in the file it was.
   *
   * @return the first byte concerned
   */
  public long position() {
    return position;
  }

  /**
   * Returns how much it was.
   *
   * @return bytes concerned
   */
  public long bytes() {
    return bytes;
  }
}
