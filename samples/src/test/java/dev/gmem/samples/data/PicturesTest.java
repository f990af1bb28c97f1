package dev.gmem.samples.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.samples.console.ExitCode;
import dev.gmem.samples.console.Refusal;
import java.awt.image.BufferedImage;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PicturesTest {
  private static final String HUBBLE = "data/hubble_deep_field.jpg";

  @TempDir Path folder;

  private Refusal refusal(Path file) {
    try {
      Picture picture = Pictures.read(file);
      throw new AssertionError(
          "was read: "
              + picture.width()
              + " x "
              + picture.height()
              + " of "
              + file.toFile().length());
    } catch (Refusal e) {
      assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT);
      assertThat(e.getMessage()).contains(file.toString()).doesNotContain("\n");
      return e;
    }
  }

  @Test
  void theBundledPictureIsRead() {
    Picture picture = Pictures.bundled(HUBBLE);
    assertThat(picture.width()).isEqualTo(1000);
    assertThat(picture.height()).isEqualTo(872);
  }

  @Test
  void whatIsWrittenIsReadAgainWithItsTransparency() {
    Picture picture = new Picture(2, 2, new int[] {0xFF01_0203, 0x8004_0506, 0x0007_0809, -1});
    Path file = folder.resolve("p.png");
    Pictures.writePng(picture, file);
    assertThat(Pictures.read(file).argb()).isEqualTo(picture.argb());
    assertThat(folder).isDirectoryContaining(p -> p.equals(file));
    assertThat(folder.toFile().list()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        BufferedImage.TYPE_BYTE_GRAY,
        BufferedImage.TYPE_USHORT_GRAY,
        BufferedImage.TYPE_3BYTE_BGR,
        BufferedImage.TYPE_4BYTE_ABGR,
        BufferedImage.TYPE_BYTE_INDEXED
      })
  void everyKindOfPngKeepsItsBrightness(int type) throws IOException {
    BufferedImage image = new BufferedImage(4, 4, type);
    var graphics = image.createGraphics();
    graphics.setColor(new java.awt.Color(0x66, 0x66, 0x66));
    graphics.fillRect(0, 0, 4, 4);
    graphics.dispose();
    Path file = folder.resolve("p.png");
    ImageIO.write(image, "png", file.toFile());
    int pixel = Pictures.read(file).argb()[5];
    assertThat(pixel >>> 24).isEqualTo(0xFF);
    assertThat(pixel >>> 8 & 0xFF).isBetween(0x64, 0x68);
  }

  @Test
  void brokenPicturesAreRefused() throws IOException {
    byte[] jpeg = Resources.bytes(HUBBLE);
    Path png = folder.resolve("whole.png");
    Pictures.writePng(Pictures.bundled(HUBBLE), png);
    byte[] bytes = Files.readAllBytes(png);
    Path file = folder.resolve("broken");
    for (byte[] good : new byte[][] {jpeg, bytes}) {
      for (int end : new int[] {1, 10, 100, good.length / 2, good.length * 9 / 10}) {
        Files.write(file, Arrays.copyOf(good, end));
        refusal(file);
      }
    }
    byte[] noise = bytes.clone();
    Arrays.fill(noise, 60, 2000, (byte) 0x5A);
    Files.write(file, noise);
    assertThat(refusal(file)).hasMessageContaining("broken");
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    refusal(folder.resolve("missing.png"));
    refusal(folder);
    refusal(Files.createFile(folder.resolve("empty.png")));
    refusal(Files.writeString(folder.resolve("text.png"), "P6 is a picture too, but not here"));
  }

  @Test
  void hugePicturesAreRefusedBeforeTheyAreDecoded() throws IOException {
    Path file = folder.resolve("huge.png");
    try (DataOutputStream out = new DataOutputStream(Files.newOutputStream(file))) {
      out.writeLong(0x8950_4E47_0D0A_1A0AL);
      out.writeInt(13);
      byte[] header = {'I', 'H', 'D', 'R', 0, 1, 0x38, (byte) 0x80, 0, 1, 0x38, (byte) 0x80};
      header = Arrays.copyOf(header, 17);
      header[12] = 8;
      header[13] = 2;
      out.write(header);
      CRC32 crc = new CRC32();
      crc.update(header);
      out.writeInt((int) crc.getValue());
    }
    assertThat(refusal(file)).hasMessageContaining("80000 x 80000").hasMessageContaining("too big");
  }

  @Test
  void outputThatCannotBeWrittenIsRefused() {
    Picture dot = Picture.filled(1, 1, -1);
    assertThatThrownBy(() -> Pictures.writePng(dot, folder.resolve("no/such/folder.png")))
        .hasMessageContaining("there is no folder");
    assertThatThrownBy(() -> Pictures.writePng(dot, folder.resolve("p.jpg")))
        .hasMessageContaining(".png");
    Path taken = folder.resolve("taken.png");
    assertThat(taken.toFile().mkdir()).isTrue();
    assertThatThrownBy(() -> Pictures.writePng(dot, taken)).hasMessageContaining("is a folder");
  }
}
