package dev.gmem.samples;

import dev.gmem.samples.data.Picture;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/** Looks at GIFs that move. */
final class Films {
  private Films() {}

  static List<Picture> read(Path file) throws IOException {
    ImageReader reader = ImageIO.getImageReadersByFormatName("gif").next();
    try (ImageInputStream in = ImageIO.createImageInputStream(file.toFile())) {
      reader.setInput(in);
      List<Picture> frames = new ArrayList<>();
      for (int i = 0; i < reader.getNumImages(true); i++) {
        BufferedImage image = reader.read(i);
        int width = image.getWidth();
        int height = image.getHeight();
        frames.add(new Picture(width, height, image.getRGB(0, 0, width, height, null, 0, width)));
      }
      return frames;
    } finally {
      reader.dispose();
    }
  }

  /** Where the pixels of a colour are on average; null if there are none. */
  static double[] middle(Picture picture, int colour) {
    double x = 0;
    double y = 0;
    int count = 0;
    for (int i = 0; i < picture.argb().length; i++) {
      if (picture.argb()[i] == colour) {
        x += i % picture.width();
        y += i / picture.width();
        count++;
      }
    }
    return count == 0 ? null : new double[] {x / count, y / count};
  }

  static double distance(double[] a, double[] b) {
    return Math.hypot(a[0] - b[0], a[1] - b[1]);
  }
}
