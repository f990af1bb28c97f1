package dev.gmem.opencl;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Finds the first error in what a compiler of OpenCL C says. */
final class BuildLog {
  /**
   * {@code file:3:10: error: …}, as clang says it, or {@code error: file:3:10: …}, as PoCL does.
   */
  private static final Pattern CLANG =
      Pattern.compile(
          "(?m)^(?:fatal )?(?<first>error: )?[^\\n]*?:(?<line>\\d+):(?<column>\\d+): "
              + "(?<second>(?:fatal )?error: )?(?<text>[^\\n]*)$");

  /** {@code "file", line 3: error: …}. */
  private static final Pattern EDG =
      Pattern.compile("line (?<line>\\d+): (?:catastrophic )?error: (?<text>[^\\n]*)");

  private BuildLog() {}

  /**
   * Describes the first error.
   *
   * @param source what was compiled
   * @param log what the compiler said
   * @return line, column, reason, and the line itself; empty if the log does not tell
   */
  static String firstError(String source, String log) {
    Matcher clang = CLANG.matcher(log);
    while (clang.find()) {
      if (clang.group("first") != null || clang.group("second") != null) {
        return describe(
            source,
            Integer.parseInt(clang.group("line")),
            Integer.parseInt(clang.group("column")),
            clang.group("text"));
      }
    }
    Matcher edg = EDG.matcher(log);
    return edg.find()
        ? describe(source, Integer.parseInt(edg.group("line")), 0, edg.group("text"))
        : "";
  }

  private static String describe(String source, int line, int column, String text) {
    StringBuilder result = new StringBuilder("line " + line);
    if (column > 0) {
      result.append(", column ").append(column);
    }
    result.append(": ").append(text);
    String[] lines = source.split("\n", -1);
    if (line >= 1 && line <= lines.length) {
      result.append("\n    ").append(lines[line - 1].stripTrailing());
      if (column > 0) {
        result.append("\n    ").append(" ".repeat(column - 1)).append('^');
      }
    }
    return result.toString();
  }
}
