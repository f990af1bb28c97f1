package dev.gmem.aparapi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedClass;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/**
 * The classes that kernels have the JVM define, as the JVM itself tells: every translation makes
 * one for the translator, and a kernel in the form for devices that execute Java is one.
 *
 * @param translations classes for the translator
 * @param copies classes for devices
 */
record MadeClasses(int translations, int copies) {
  static final MadeClasses NONE = new MadeClasses(0, 0);

  /** Something that may throw anything. */
  @FunctionalInterface
  interface Body {
    void run() throws Exception;
  }

  /** Runs something and counts what is made meanwhile, by any thread. */
  static MadeClasses during(Body body) {
    try (Recording recording = new Recording()) {
      recording.enable("jdk.ClassDefine").withoutStackTrace();
      recording.start();
      body.run();
      recording.stop();
      Path file = Files.createTempFile("gmem-classes", ".jfr");
      try {
        recording.dump(file);
        List<RecordedClass> classes =
            RecordingFile.readAllEvents(file).stream()
                .map((RecordedEvent event) -> event.getClass("definedClass"))
                .toList();
        return new MadeClasses(
            (int) classes.stream().filter(MadeClasses::isForTheTranslator).count(),
            (int) classes.stream().filter(c -> c.getName().contains("$$Device")).count());
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static boolean isForTheTranslator(RecordedClass type) {
    return type.getClassLoader() != null
        && "gmem-flat-kernel".equals(type.getClassLoader().getName());
  }
}
