package dev.gmem.samples.data;

import dev.gmem.samples.console.Refusal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Living cells of Conway's game, as the customary run-length encoded files have them: a header
 * {@code x = 3, y = 3}, then runs of {@code b} (dead) and {@code o} (alive), {@code $} at the end
 * of a row, {@code !} at the end.
 *
 * @param name what it is called
 * @param width columns
 * @param height rows
 * @param cells the living cells
 */
public record LifePattern(String name, int width, int height, List<Cell> cells) {
  private static final int SIZE_MAX = 1 << 14;
  private static final Pattern HEADER =
      Pattern.compile("x\\s*=\\s*(\\d{1,6})\\s*,\\s*y\\s*=\\s*(\\d{1,6})\\s*(,.*)?");

  /** Copies the list. */
  public LifePattern {
    cells = List.copyOf(cells);
  }

  /**
   * A place on the grid.
   *
   * @param x column, from 0
   * @param y row, from 0
   */
  public record Cell(int x, int y) {}

  /**
   * Reads a pattern.
   *
   * @param file a run-length encoded pattern; null for the one that comes with the samples
   * @return the pattern
   * @throws Refusal if the file cannot be used
   */
  public static LifePattern read(Path file) {
    return file == null
        ? parse("gosper_glider_gun.rle", Resources.text("data/gosper_glider_gun.rle"))
        : parse(file.toString(), Resources.text(file));
  }

  static LifePattern parse(String source, String text) {
    String name = source;
    Matcher header = null;
    StringBuilder runs = new StringBuilder();
    for (String line : text.split("\\R")) {
      if (line.startsWith("#N")) {
        name = line.substring(2).strip();
      } else if (header == null && !line.startsWith("#") && !line.isBlank()) {
        header = HEADER.matcher(line.strip());
        if (!header.matches()) {
          throw Refusal.input(
              source + " is not a pattern: a line such as 'x = 3, y = 3' must come first", null);
        }
      } else if (!line.startsWith("#")) {
        runs.append(line.strip());
      }
    }
    if (header == null) {
      throw Refusal.input(source + " is not a pattern: it is empty", null);
    }
    int width = Integer.parseInt(header.group(1));
    int height = Integer.parseInt(header.group(2));
    if (width > SIZE_MAX || height > SIZE_MAX) {
      throw Refusal.input(
          source
              + " is too big: it has "
              + width
              + " x "
              + height
              + " cells, the limit is "
              + SIZE_MAX
              + " each way",
          null);
    }
    return new LifePattern(name, width, height, cells(source, runs, width, height));
  }

  private static List<Cell> cells(String source, CharSequence runs, int width, int height) {
    List<Cell> cells = new ArrayList<>();
    int x = 0;
    int y = 0;
    int count = 0;
    for (int i = 0; i < runs.length() && runs.charAt(i) != '!'; i++) {
      char c = runs.charAt(i);
      if (c >= '0' && c <= '9') {
        count = Math.min(SIZE_MAX + 1, 10 * count + c - '0');
        continue;
      }
      int run = Math.max(1, count);
      count = 0;
      switch (c) {
        case 'o' -> {
          if (x + run > width || y >= height) {
            throw Refusal.input(source + " has cells outside its own x and y", null);
          }
          for (int end = x + run; x < end; x++) {
            cells.add(new Cell(x, y));
          }
        }
        case 'b' -> x = Math.min(SIZE_MAX, x + run);
        case '$' -> {
          y = Math.min(SIZE_MAX, y + run);
          x = 0;
        }
        default -> throw Refusal.input(source + " has an unknown letter '" + c + "'", null);
      }
    }
    return cells;
  }
}
