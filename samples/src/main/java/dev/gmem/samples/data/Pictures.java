package dev.gmem.samples.data;

import dev.gmem.samples.console.Refusal;
import java.awt.Graphics2D;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** Reads and writes picture files, or says in one sentence why not. Needs no display. */
public final class Pictures {
  /** Most pixels a picture may have. */
  public static final long PIXELS_MAX = 50_000_000L;

  private static final int OPAQUE = 0xFF00_0000;

  private Pictures() {}

  /**
   * Reads a picture of the user's.
   *
   * @param file a PNG, JPEG, GIF, BMP or TIFF file
   * @return the picture
   * @throws Refusal if it is missing, broken, of another kind, or too big
   */
  public static Picture read(Path file) {
    Resources.requireReadable(file);
    try (InputStream in = Files.newInputStream(file)) {
      return read(in, file.toString());
    } catch (IOException e) {
      throw Refusal.input("cannot read " + file + ": " + Resources.reason(e), e);
    }
  }

  /**
   * Reads a picture that comes with the samples.
   *
   * @param name its path below the samples' package
   * @return the picture
   */
  public static Picture bundled(String name) {
    try {
      return read(new ByteArrayInputStream(Resources.bytes(name)), name);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Picture read(InputStream in, String source) throws IOException {
    ImageIO.setUseCache(false);
    try (ImageInputStream stream = ImageIO.createImageInputStream(in)) {
      Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
      if (!readers.hasNext()) {
        String kinds = "PNG, JPEG, GIF, BMP and TIFF are";
        throw Refusal.input(source + " is not a picture of a known kind (" + kinds + ")", null);
      }
      ImageReader reader = readers.next();
      try {
        reader.setInput(stream, true, true);
        return decode(reader, source);
      } finally {
        reader.dispose();
      }
    }
  }

  private static Picture decode(ImageReader reader, String source) {
    AtomicReference<String> truncation = new AtomicReference<>();
    reader.addIIOReadWarningListener(
        (from, warning) -> {
          if (warning.toLowerCase(Locale.ROOT).contains("premature end")) {
            truncation.set(warning);
          }
        });
    BufferedImage image;
    try {
      long width = reader.getWidth(0);
      long height = reader.getHeight(0);
      if (width * height > PIXELS_MAX) {
        String size = width + " x " + height + " pixels";
        throw Refusal.input(
            source + " is too big: it has " + size + ", the limit is " + PIXELS_MAX, null);
      }
      image = reader.read(0);
    } catch (Refusal e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw Refusal.input("the picture " + source + " is broken: " + reason(e), e);
    }
    if (truncation.get() != null) {
      throw Refusal.input("the picture " + source + " is broken: its end is missing", null);
    }
    return new Picture(image.getWidth(), image.getHeight(), pixels(image));
  }

  private static String reason(Exception e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }

  /**
   * Takes the pixels out. A grey image is drawn first, which treats it as every viewer does: its
   * own colour model would take its values for linear ones and make it brighter.
   */
  private static int[] pixels(BufferedImage image) {
    int width = image.getWidth();
    int height = image.getHeight();
    BufferedImage source = image;
    if (image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY) {
      source = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
      Graphics2D graphics = source.createGraphics();
      try {
        graphics.drawImage(image, 0, 0, null);
      } finally {
        graphics.dispose();
      }
    }
    return source.getRGB(0, 0, width, height, null, 0, width);
  }

  /**
   * Checks, before any work is done, that a picture can be written.
   *
   * @param file where to, a name that ends in .png
   * @throws Refusal if it cannot
   */
  public static void requireWritable(Path file) {
    requireWritable(file, "PNG");
  }

  /**
   * Checks, before any work is done, that a file can be written.
   *
   * @param file where to, a name that ends in the kind
   * @param kind what it will be, for instance {@code "PNG"}
   * @throws Refusal if it cannot
   */
  static void requireWritable(Path file, String kind) {
    Path name = file.getFileName();
    String ending = "." + kind.toLowerCase(Locale.ROOT);
    if (name == null || !name.toString().toLowerCase(Locale.ROOT).endsWith(ending)) {
      throw Refusal.usage(
          "the output is a " + kind + ", so its name must end in " + ending + ", but is " + file);
    }
    if (Files.isDirectory(file)) {
      throw Refusal.output(file + " is a folder, not a file", null);
    }
    Path folder = file.toAbsolutePath().getParent();
    if (!Files.isDirectory(folder)) {
      throw Refusal.output("there is no folder " + folder + " to write into", null);
    }
    if (!Files.isWritable(folder)) {
      throw Refusal.output("the folder " + folder + " may not be written", null);
    }
  }

  /**
   * Writes a picture. The file is there as a whole or not at all.
   *
   * @param picture the picture
   * @param file where to, a name that ends in .png; replaced if it exists
   * @throws Refusal if that cannot be done
   */
  public static void writePng(Picture picture, Path file) {
    requireWritable(file);
    boolean opaque = Arrays.stream(picture.argb()).allMatch(p -> (p & OPAQUE) == OPAQUE);
    int type = opaque ? BufferedImage.TYPE_INT_RGB : BufferedImage.TYPE_INT_ARGB;
    BufferedImage image = new BufferedImage(picture.width(), picture.height(), type);
    image.setRGB(0, 0, picture.width(), picture.height(), picture.argb(), 0, picture.width());
    Path draft = draft(file);
    try {
      ImageIO.setUseCache(false);
      try (var out = Files.newOutputStream(draft)) {
        ImageIO.write(image, "png", out);
      }
      Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw Refusal.output("cannot write " + file + ": " + Resources.reason(e), e);
    } finally {
      draft.toFile().delete();
    }
  }

  /** The file beside it that becomes it when it is whole. */
  static Path draft(Path file) {
    return file.resolveSibling("." + file.getFileName() + "." + ProcessHandle.current().pid());
  }
}
