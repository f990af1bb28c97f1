package dev.gmem.samples.console;

/**
 * Something the user can mend, said in one sentence, with the exit code that goes with it. It is
 * shown without a stack trace.
 */
public final class Refusal extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What the process ends with. */
  private final int exitCode;

  private Refusal(int exitCode, String sentence, Throwable cause) {
    super(sentence, cause);
    this.exitCode = exitCode;
  }

  /**
   * The command line is wrong.
   *
   * @param sentence the rule and the value
   * @return the refusal
   */
  public static Refusal usage(String sentence) {
    return new Refusal(ExitCode.USAGE, sentence, null);
  }

  /**
   * An input cannot be used.
   *
   * @param sentence which, and what is wrong with it
   * @param cause what led to it, or null
   * @return the refusal
   */
  public static Refusal input(String sentence, Throwable cause) {
    return new Refusal(ExitCode.INPUT, sentence, cause);
  }

  /**
   * An output cannot be written.
   *
   * @param sentence which, and why not
   * @param cause what led to it, or null
   * @return the refusal
   */
  public static Refusal output(String sentence, Throwable cause) {
    return new Refusal(ExitCode.OUTPUT, sentence, cause);
  }

  /**
   * Something the command needs is not there.
   *
   * @param sentence what, and how to get it
   * @param cause what led to it, or null
   * @return the refusal
   */
  public static Refusal unavailable(String sentence, Throwable cause) {
    return new Refusal(ExitCode.UNAVAILABLE, sentence, cause);
  }

  /**
   * Checks a number of the command line.
   *
   * @param option its name, for instance {@code "--n"}
   * @param value what was given
   * @param min least value allowed
   * @param max greatest value allowed
   */
  public static void requireRange(String option, long value, long min, long max) {
    if (value < min || value > max) {
      throw usage(option + " must be from " + min + " to " + max + ", but is " + value);
    }
  }

  /**
   * Returns what the process ends with.
   *
   * @return one of {@link ExitCode}
   */
  public int exitCode() {
    return exitCode;
  }
}
