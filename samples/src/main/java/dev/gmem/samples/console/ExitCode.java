package dev.gmem.samples.console;

import java.util.LinkedHashMap;
import java.util.Map;

/** What a command ends with. The numbers from 64 up are those of BSD's {@code sysexits.h}. */
public final class ExitCode {
  /** The command did what it was asked, and every check held. */
  public static final int OK = 0;

  /** A computed result differs from plain Java's, or a check of the installation failed. */
  public static final int WRONG_RESULT = 1;

  /** The command line is wrong. */
  public static final int USAGE = 2;

  /** An input file is missing, unreadable, broken or too big. */
  public static final int INPUT = 66;

  /** A device, memory or the agent is not to be had. */
  public static final int UNAVAILABLE = 69;

  /** Something failed that should not. */
  public static final int INTERNAL = 70;

  /** An output file cannot be written. */
  public static final int OUTPUT = 73;

  private ExitCode() {}

  /**
   * Explains the codes, for usage messages.
   *
   * @return code to meaning, ascending
   */
  public static Map<String, String> legend() {
    Map<String, String> legend = new LinkedHashMap<>();
    legend.put(" " + OK, "done, and every check held");
    legend.put(" " + WRONG_RESULT, "a result is wrong, or something needed is broken");
    legend.put(" " + USAGE, "wrong command line");
    legend.put(Integer.toString(INPUT), "input missing, unreadable, broken or too big");
    legend.put(Integer.toString(UNAVAILABLE), "device, memory or agent not available");
    legend.put(Integer.toString(INTERNAL), "internal error");
    legend.put(Integer.toString(OUTPUT), "output cannot be written");
    return legend;
  }
}
