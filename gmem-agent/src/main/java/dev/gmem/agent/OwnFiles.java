package dev.gmem.agent;

import java.io.Closeable;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;

/**
 * The files that came with the agent's classes, in its jar or in a folder. {@code
 * Class.getResourceAsStream} would find them too, but by way of URL handlers that few programs
 * load, and that take longer than all the rest of the reading.
 */
final class OwnFiles implements Closeable {
  private final File place;

  /** The jar, or null if the place is a folder. */
  private final JarFile jar;

  private OwnFiles(File place) throws IOException {
    this.place = place;
    this.jar = place.isDirectory() ? null : new JarFile(place);
  }

  static OwnFiles open() throws IOException {
    try {
      return new OwnFiles(
          new File(OwnFiles.class.getProtectionDomain().getCodeSource().getLocation().toURI()));
    } catch (URISyntaxException | IllegalArgumentException e) {
      throw new IOException("the agent's classes come from no file", e);
    }
  }

  byte[] read(String name) throws IOException {
    try (InputStream in = find(name)) {
      return in.readAllBytes();
    }
  }

  private InputStream find(String name) throws IOException {
    if (jar == null) {
      return new FileInputStream(new File(place, name));
    }
    ZipEntry entry = jar.getEntry(name);
    if (entry == null) {
      throw new IOException(place + " lacks " + name);
    }
    return jar.getInputStream(entry);
  }

  @Override
  public void close() throws IOException {
    if (jar != null) {
      jar.close();
    }
  }
}
