package dev.gmem.samples.data;

import dev.gmem.samples.console.Refusal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A table of comma-separated values with a line of headings, as RFC 4180 has them: fields may be
 * quoted, quotes inside are doubled.
 */
public final class Csv {
  private final String source;
  private final Map<String, Integer> columns;
  private final List<Row> rows;

  private Csv(String source, Map<String, Integer> columns, List<Row> rows) {
    this.source = source;
    this.columns = columns;
    this.rows = List.copyOf(rows);
  }

  /** One line of the table. */
  public final class Row {
    private final int line;
    private final List<String> fields;

    private Row(int line, List<String> fields) {
      this.line = line;
      this.fields = fields;
    }

    /**
     * Returns a field.
     *
     * @param column its heading
     * @return its text, without surrounding blanks
     */
    public String text(String column) {
      return fields.get(index(column)).strip();
    }

    /**
     * Returns a field as a number.
     *
     * @param column its heading
     * @return its value, finite
     * @throws Refusal if it is not one
     */
    public double number(String column) {
      String text = text(column);
      double value;
      try {
        value = Double.parseDouble(text);
      } catch (NumberFormatException e) {
        throw wrong(column, text, "a number", e);
      }
      if (!Double.isFinite(value)) {
        throw wrong(column, text, "a finite number", null);
      }
      return value;
    }

    /**
     * Returns a field as a count.
     *
     * @param column its heading
     * @return its value, not negative
     * @throws Refusal if it is not one
     */
    public long count(String column) {
      String text = text(column);
      try {
        long value = Long.parseLong(text);
        if (value >= 0) {
          return value;
        }
        throw wrong(column, text, "a whole number, not negative", null);
      } catch (NumberFormatException e) {
        throw wrong(column, text, "a whole number, not negative", e);
      }
    }

    private Refusal wrong(String column, String text, String wanted, Exception cause) {
      String where = source + ", line " + line + ": " + column;
      return Refusal.input(where + " must be " + wanted + ", but is '" + text + "'", cause);
    }
  }

  /**
   * Parses a table.
   *
   * @param source its name, for messages
   * @param text its text
   * @param required headings that it must have
   * @return the table
   * @throws Refusal if it is not such a table; the message names the line
   */
  public static Csv parse(String source, String text, String... required) {
    String[] lines = text.split("\r\n|\n|\r", -1);
    Map<String, Integer> columns = new LinkedHashMap<>();
    for (String heading : fields(source, 1, lines[0].replace("\uFEFF", ""))) {
      columns.putIfAbsent(heading.strip(), columns.size());
    }
    for (String heading : required) {
      if (!columns.containsKey(heading)) {
        String there = String.join(", ", columns.keySet());
        throw Refusal.input(
            source + " has no column '" + heading + "'; its first line says: " + there, null);
      }
    }
    Csv csv = new Csv(source, columns, List.of());
    List<Row> rows = new ArrayList<>();
    for (int i = 1; i < lines.length; i++) {
      if (lines[i].isBlank()) {
        continue;
      }
      List<String> fields = fields(source, i + 1, lines[i]);
      if (fields.size() != columns.size()) {
        String where = source + ", line " + (i + 1);
        throw Refusal.input(
            where + " has " + fields.size() + " fields, the first line has " + columns.size(),
            null);
      }
      rows.add(csv.new Row(i + 1, fields));
    }
    return new Csv(source, columns, rows);
  }

  /**
   * Returns the table's lines.
   *
   * @return in order, without the headings
   */
  public List<Row> rows() {
    return rows;
  }

  private int index(String column) {
    Integer index = columns.get(column);
    if (index == null) {
      throw new IllegalArgumentException(source + " has no column '" + column + "'");
    }
    return index;
  }

  private static List<String> fields(String source, int lineNumber, String line) {
    List<String> fields = new ArrayList<>();
    StringBuilder field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (quoted && c == '"' && i + 1 < line.length() && line.charAt(i + 1) == '"') {
        field.append('"');
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (c == ',' && !quoted) {
        fields.add(field.toString());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    if (quoted) {
      throw Refusal.input(source + ", line " + lineNumber + " has a quote that never ends", null);
    }
    fields.add(field.toString());
    return fields;
  }
}
