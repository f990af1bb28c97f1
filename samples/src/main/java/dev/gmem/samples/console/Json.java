package dev.gmem.samples.console;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;

/** Writes results for programs to read. */
public final class Json {
  private static final JSON WRITER =
      JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT, JSON.Feature.WRITE_NULL_PROPERTIES);

  private Json() {}

  /**
   * Writes an object.
   *
   * @param object its fields, in order; values are strings, numbers, booleans, lists and maps
   * @return the text, without a line break at its end
   */
  public static String write(Map<String, ?> object) {
    try {
      return WRITER.asString(object);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
