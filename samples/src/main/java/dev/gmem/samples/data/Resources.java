package dev.gmem.samples.data;

import dev.gmem.samples.console.Refusal;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads files, the samples' own and the user's. */
public final class Resources {
  /** Most bytes that a text file of the user's may have. */
  private static final long TEXT_BYTES_MAX = 256L << 20;

  private Resources() {}

  /**
   * Reads a file that comes with the samples.
   *
   * @param name its path below this package's parent: {@code "data/airports.csv"}
   * @return its bytes
   */
  public static byte[] bytes(String name) {
    String path = "/dev/gmem/samples/" + name;
    try (InputStream in = Resources.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException("the samples' jar lacks " + path);
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + path, e);
    }
  }

  /**
   * Reads a text that comes with the samples.
   *
   * @param name its path below this package's parent
   * @return its text
   */
  public static String text(String name) {
    return new String(bytes(name), StandardCharsets.UTF_8);
  }

  /**
   * Reads a text of the user's.
   *
   * @param file a UTF-8 file
   * @return its text
   * @throws Refusal if that cannot be done
   */
  public static String text(Path file) {
    requireReadable(file);
    try {
      long bytes = Files.size(file);
      if (bytes > TEXT_BYTES_MAX) {
        throw Refusal.input(
            file + " is too big: it has " + bytes + " bytes, the limit is " + TEXT_BYTES_MAX, null);
      }
      return Files.readString(file);
    } catch (MalformedInputException e) {
      throw Refusal.input(file + " is not a UTF-8 text", e);
    } catch (IOException e) {
      throw Refusal.input("cannot read " + file + ": " + reason(e), e);
    }
  }

  /**
   * Says why an input or output failed; the JDK's own messages often hold nothing but a name.
   *
   * @param e what was thrown
   * @return words for people
   */
  static String reason(IOException e) {
    return switch (e) {
      case NoSuchFileException _ -> "there is no such file or folder";
      case AccessDeniedException _ -> "permission denied";
      case FileSystemException failed when failed.getReason() != null -> failed.getReason();
      default -> e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    };
  }

  /**
   * Checks that a file is there.
   *
   * @param file what the user named
   * @throws Refusal if it is missing, a folder, or must not be read
   */
  public static void requireReadable(Path file) {
    if (!Files.exists(file)) {
      throw Refusal.input("there is no file " + file, null);
    }
    if (Files.isDirectory(file)) {
      throw Refusal.input(file + " is a folder, not a file", null);
    }
    if (!Files.isReadable(file)) {
      throw Refusal.input(file + " may not be read", null);
    }
  }
}
