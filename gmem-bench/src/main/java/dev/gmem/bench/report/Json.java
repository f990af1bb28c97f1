package dev.gmem.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/** Writes rows for programs. */
public final class Json {
  private static final char FIRST_PRINTABLE = ' ';

  private Json() {}

  /**
   * Writes an array with one object per row. A row without a limit has {@code "limit": null}.
   *
   * @param rows in order
   * @return the text, without a line break at its end
   */
  public static String write(List<Row> rows) {
    StringJoiner array = new StringJoiner(",\n", "[\n", "\n]");
    array.setEmptyValue("[]");
    rows.forEach(row -> array.add("  " + object(row)));
    return array.toString();
  }

  private static String object(Row row) {
    StringJoiner object = new StringJoiner(", ", "{", "}");
    object.add("\"benchmark\": " + quoted(row.benchmark()));
    object.add("\"case\": " + quoted(row.name()));
    object.add("\"unit\": " + quoted(row.unit()));
    object.add("\"floor\": " + number(row.floor()));
    object.add("\"measured\": " + number(row.measured()));
    object.add("\"kind\": " + quoted(row.figure().kind().name().toLowerCase(Locale.ROOT)));
    object.add("\"figure\": " + number(row.figure().median()));
    object.add("\"lowerQuartile\": " + number(row.figure().low()));
    object.add("\"upperQuartile\": " + number(row.figure().high()));
    object.add("\"pairs\": " + row.figure().pairs());
    object.add("\"limit\": " + number(row.limit()));
    object.add("\"ok\": " + row.ok());
    return object.toString();
  }

  private static String number(double value) {
    return Double.isFinite(value) ? Double.toString(value) : "null";
  }

  private static String quoted(String text) {
    StringBuilder quoted = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') {
        quoted.append('\\').append(c);
      } else if (c < FIRST_PRINTABLE) {
        quoted.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        quoted.append(c);
      }
    }
    return quoted.append('"').toString();
  }
}
