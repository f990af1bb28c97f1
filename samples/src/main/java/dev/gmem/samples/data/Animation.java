package dev.gmem.samples.data;

import dev.gmem.samples.console.Refusal;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageTypeSpecifier;
import javax.imageio.ImageWriter;
import javax.imageio.metadata.IIOMetadata;
import javax.imageio.metadata.IIOMetadataNode;
import javax.imageio.stream.ImageOutputStream;

/**
 * A GIF that moves and begins anew at its end, written frame by frame. The file is there as a whole
 * after {@link #finish}, or not at all. Belongs to one thread.
 */
public final class Animation implements AutoCloseable {
  private static final String FORMAT = "javax_imageio_gif_image_1.0";
  private static final int COLOURS_MAX = 256;
  private static final byte[] REPEAT_FOR_EVER = {1, 0, 0};

  private final Path file;
  private final Path draft;
  private final int delayCentis;
  private final IndexColorModel colours;
  private final ImageWriter writer = ImageIO.getImageWritersByFormatName("gif").next();
  private final ImageOutputStream out;
  private int frames;

  /**
   * Begins a file.
   *
   * @param file where to, a name that ends in .gif; replaced if it exists
   * @param delayCentis how long a frame is shown, in hundredths of a second
   * @param palette the colours that frames are made of, opaque, at most 256
   * @throws Refusal if it cannot be written
   */
  public Animation(Path file, int delayCentis, int... palette) {
    requireWritable(file);
    if (palette.length > COLOURS_MAX) {
      throw new IllegalArgumentException("a GIF has 256 colours: palette=" + palette.length);
    }
    this.file = file;
    this.draft = Pictures.draft(file);
    this.delayCentis = delayCentis;
    this.colours = new IndexColorModel(8, palette.length, palette, 0, false, -1, 0);
    try {
      ImageIO.setUseCache(false);
      Files.deleteIfExists(draft);
      out = ImageIO.createImageOutputStream(draft.toFile());
      writer.setOutput(out);
      writer.prepareWriteSequence(null);
    } catch (IOException e) {
      close();
      throw failed(e);
    }
  }

  /**
   * Checks, before any work is done, that a file can be written.
   *
   * @param file where to, a name that ends in .gif
   * @throws Refusal if it cannot
   */
  public static void requireWritable(Path file) {
    Pictures.requireWritable(file, "GIF");
  }

  /**
   * Adds a frame.
   *
   * @param picture as large as the frames before it, of the colours of the palette
   * @throws Refusal if it cannot be written
   */
  public void add(Picture picture) {
    int width = picture.width();
    int height = picture.height();
    BufferedImage image =
        new BufferedImage(width, height, BufferedImage.TYPE_BYTE_INDEXED, colours);
    image.setRGB(0, 0, width, height, picture.argb(), 0, width);
    try {
      IIOMetadata metadata = writer.getDefaultImageMetadata(new ImageTypeSpecifier(image), null);
      metadata.mergeTree(FORMAT, timing());
      writer.writeToSequence(new IIOImage(image, null, metadata), null);
    } catch (IOException e) {
      throw failed(e);
    }
    frames++;
  }

  /**
   * Ends the file.
   *
   * @return how many frames it has
   * @throws Refusal if it cannot be written
   */
  public int finish() {
    try {
      writer.endWriteSequence();
      out.close();
      Files.move(draft, file, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw failed(e);
    }
    return frames;
  }

  private IIOMetadataNode timing() {
    IIOMetadataNode control = new IIOMetadataNode("GraphicControlExtension");
    control.setAttribute("disposalMethod", "none");
    control.setAttribute("userInputFlag", "FALSE");
    control.setAttribute("transparentColorFlag", "FALSE");
    control.setAttribute("delayTime", Integer.toString(delayCentis));
    control.setAttribute("transparentColorIndex", "0");
    IIOMetadataNode root = new IIOMetadataNode(FORMAT);
    root.appendChild(control);
    if (frames == 0) {
      IIOMetadataNode loop = new IIOMetadataNode("ApplicationExtension");
      loop.setAttribute("applicationID", "NETSCAPE");
      loop.setAttribute("authenticationCode", "2.0");
      loop.setUserObject(REPEAT_FOR_EVER.clone());
      IIOMetadataNode loops = new IIOMetadataNode("ApplicationExtensions");
      loops.appendChild(loop);
      root.appendChild(loops);
    }
    return root;
  }

  private Refusal failed(IOException e) {
    return Refusal.output("cannot write " + file + ": " + Resources.reason(e), e);
  }

  /** Lets go of what is not finished. */
  @Override
  public void close() {
    writer.dispose();
    draft.toFile().delete();
  }
}
