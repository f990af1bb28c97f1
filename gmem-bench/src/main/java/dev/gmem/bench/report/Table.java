package dev.gmem.bench.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes rows for people. */
public final class Table {
  private static final String[] HEAD = {
    "benchmark", "case", "floor", "measured", "unit", "figure", "quartiles", "limit", "ok?"
  };
  private static final boolean[] NUMBER = {
    false, false, true, true, false, true, true, true, false
  };

  private Table() {}

  /**
   * Lays rows out in columns.
   *
   * @param rows in order
   * @return the lines, a head first
   */
  public static List<String> lines(List<Row> rows) {
    List<String[]> cells = new ArrayList<>();
    cells.add(HEAD);
    rows.forEach(row -> cells.add(cells(row)));
    int[] widths = new int[HEAD.length];
    for (String[] line : cells) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], line[i].length());
      }
    }
    return cells.stream().map(line -> line(line, widths)).toList();
  }

  private static String[] cells(Row row) {
    return new String[] {
      row.benchmark(),
      row.name(),
      Numbers.format(row.floor()),
      Numbers.format(row.measured()),
      row.unit(),
      row.figure().text(),
      row.figure().spread(),
      row.limited() ? row.figure().kind().format(row.limit()) : "-",
      row.limited() ? (row.ok() ? "ok" : "BROKEN") : "-"
    };
  }

  private static String line(String[] cells, int[] widths) {
    StringBuilder line = new StringBuilder();
    for (int i = 0; i < cells.length; i++) {
      char[] padding = new char[widths[i] - cells[i].length()];
      Arrays.fill(padding, ' ');
      line.append(i == 0 ? "" : "  ");
      if (NUMBER[i]) {
        line.append(padding).append(cells[i]);
      } else {
        line.append(cells[i]).append(padding);
      }
    }
    return line.toString().stripTrailing();
  }
}
