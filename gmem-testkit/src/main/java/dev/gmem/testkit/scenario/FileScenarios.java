package dev.gmem.testkit.scenario;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The contents of files reach kernels, and what kernels wrote reaches files. */
public abstract class FileScenarios extends ScenarioContract {
  private Path file;

  /** For subclasses. */
  protected FileScenarios() {}

  @BeforeEach
  final void makeFile() throws IOException {
    file = Files.createTempFile("gmem", ".scenario");
    MemorySegment numbers = number(MemorySegment.ofArray(new int[(int) (BYTES / 4)]), 1);
    Files.write(file, numbers.toArray(ValueLayout.JAVA_BYTE));
  }

  @AfterEach
  final void deleteFile() throws IOException {
    // Null if the device was missing, and the scenario skipped.
    if (file != null) {
      Files.deleteIfExists(file);
    }
  }

  private MemorySegment contents() throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    MemorySegment aligned = MemorySegment.ofArray(new int[bytes.length / Integer.BYTES]);
    return aligned.copyFrom(MemorySegment.ofArray(bytes));
  }

  private void read(MemorySegment into) throws IOException {
    try (FileChannel channel = FileChannel.open(file, READ)) {
      assertEquals(BYTES, channel.read(into.asByteBuffer(), 0));
    }
  }

  @Test
  void fileRead() throws IOException {
    MemorySegment data = allocate();
    numberOn(device(), data, 99); // what the channel overwrites is away
    read(data);
    assertNumberedOn(device(), data, 1);
    assertNumbered(data, 1);
  }

  @Test
  void fileWrite() throws IOException {
    MemorySegment data = allocate();
    numberOn(device(), data, 5);
    try (FileChannel channel = FileChannel.open(file, WRITE)) {
      assertEquals(BYTES, channel.write(data.asByteBuffer(), 0)); // pins, and so brings home
    }
    assertNumbered(contents(), 5);
    incrementOn(device(), data);
    assertNumbered(contents(), 5);
    assertNumbered(data, 6);
  }

  @Test
  void migrateFilePrivate() throws IOException {
    MemorySegment data = allocate();
    read(data);
    space().prefetch(data, device()).join();
    assertPresent(device(), data);
    incrementOn(device(), data);
    assertNumbered(data, 2);
    assertNumbered(contents(), 1);
  }
}
