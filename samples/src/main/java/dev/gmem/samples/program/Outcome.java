package dev.gmem.samples.program;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What a sample came to.
 *
 * @param verified whether the result is plain Java's, within the bound that {@code check} states
 * @param check what was compared, and how
 * @param figures the results for programs to read: strings, numbers, booleans, lists and maps
 */
public record Outcome(boolean verified, String check, Map<String, Object> figures) {
  /** Copies the figures, keeping their order. */
  public Outcome {
    figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
  }

  /**
   * Makes an outcome without figures.
   *
   * @param verified whether the result is right
   * @param check what was compared, and how, as in {@link String#format}
   * @param arguments as there
   * @return the outcome
   */
  public static Outcome of(boolean verified, String check, Object... arguments) {
    return new Outcome(verified, String.format(Locale.ROOT, check, arguments), Map.of());
  }

  /**
   * Makes a figure that has parts.
   *
   * @param namesAndValues a name, its value, the next name, and so on
   * @return the parts, in order
   */
  static Map<String, Object> parts(Object... namesAndValues) {
    Map<String, Object> parts = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      parts.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return parts;
  }

  /**
   * Adds a figure.
   *
   * @param name its name
   * @param value its value
   * @return a copy that has it
   */
  public Outcome with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(figures);
    more.put(name, value);
    return new Outcome(verified, check, more);
  }
}
