package dev.gmem.samples.console;

import dev.gmem.AddressSpaceExhaustedException;
import dev.gmem.DeviceMemoryExhaustedException;
import dev.gmem.GmemException;
import dev.gmem.GmemUnavailableException;
import dev.gmem.PinnedMemoryException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns what goes wrong in a command into one sentence on standard error and an {@link ExitCode}.
 * Traces are shown on demand only. It is also the mix-in that brings the option for that.
 */
public final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {
  /** Set to 1 in the environment, it has the effect of {@code --verbose}. */
  private static final String TRACE_VARIABLE = "GMEM_TRACE";

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show stack traces of failures (also: GMEM_TRACE=1).")
  private boolean verbose;

  /** Other exceptions whose message says all there is to say. */
  private final List<Class<? extends Exception>> plain;

  /** Makes one, to be mixed into the top command. */
  public Failures() {
    this(List.of());
  }

  /**
   * Makes one, to be mixed into the top command.
   *
   * @param plain exceptions, besides those of this library, whose message says all that a user
   *     needs
   */
  public Failures(List<Class<? extends Exception>> plain) {
    this.plain = List.copyOf(plain);
  }

  /**
   * Runs a command with these rules.
   *
   * @param command the top command
   * @param args its arguments
   * @return the exit code
   */
  public int execute(CommandLine command, String... args) {
    command.setExecutionExceptionHandler(this).setParameterExceptionHandler(this);
    try {
      return command.execute(args);
    } catch (OutOfMemoryError e) {
      long heapMib = Runtime.getRuntime().maxMemory() >> 20;
      String sentence =
          "the Java heap of " + heapMib + " MiB is too small for this; give java more with -Xmx";
      return tell(command, sentence, e, ExitCode.UNAVAILABLE);
    } catch (StackOverflowError | LinkageError | AssertionError e) {
      return tell(command, internal(e), e, ExitCode.INTERNAL);
    }
  }

  @Override
  public int handleParseException(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    tell(command, sentence(e), e, ExitCode.USAGE);
    command
        .getErr()
        .println(
            "Try '" + command.getCommandSpec().qualifiedName() + " --help' for what there is.");
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
    return switch (e) {
      case Refusal refusal -> tell(command, refusal.getMessage(), refusal, refusal.exitCode());
      case GmemUnavailableException _,
          AddressSpaceExhaustedException _,
          DeviceMemoryExhaustedException _,
          PinnedMemoryException _ ->
          tell(command, e.getMessage(), e, ExitCode.UNAVAILABLE);
      case GmemException _ -> tell(command, withCause(e), e, ExitCode.INTERNAL);
      default -> tell(command, plain(e) ? withCause(e) : internal(e), e, ExitCode.INTERNAL);
    };
  }

  private boolean plain(Exception e) {
    return plain.stream().anyMatch(type -> type.isInstance(e));
  }

  private static String withCause(Throwable e) {
    Throwable cause = e.getCause();
    if (cause == null
        || cause.getMessage() == null
        || e.getMessage().contains(cause.getMessage())) {
      return e.getMessage();
    }
    return e.getMessage() + ": " + cause.getMessage();
  }

  private static String internal(Throwable e) {
    return "internal error: " + e + " (run it again with --verbose to see where)";
  }

  private int tell(CommandLine command, String sentence, Throwable e, int exitCode) {
    PrintWriter err = command.getErr();
    String name = command.getCommandSpec().root().name();
    var colors = command.getColorScheme();
    err.println(colors.errorText(name + ":") + " " + sentence);
    if (verbose || "1".equals(System.getenv(TRACE_VARIABLE))) {
      err.println(colors.richStackTraceString(e));
    }
    err.flush();
    return exitCode;
  }

  private static String sentence(ParameterException e) {
    CommandSpec spec = e.getCommandLine().getCommandSpec();
    if (!(e instanceof UnmatchedArgumentException unmatched)) {
      return e.getMessage();
    }
    String argument = unmatched.getUnmatched().getFirst();
    Map<String, CommandLine> subcommands = spec.subcommands();
    boolean option = unmatched.isUnknownOption();
    StringBuilder text = new StringBuilder();
    text.append("'").append(spec.qualifiedName()).append("' knows no ");
    text.append(option ? "option '" : subcommands.isEmpty() ? "argument '" : "'");
    text.append(argument).append("'");
    List<String> candidates =
        option ? List.copyOf(spec.optionsMap().keySet()) : List.copyOf(subcommands.keySet());
    Nearest.to(argument, candidates)
        .ifPresent(near -> text.append("; did you mean '").append(near).append("'?"));
    if (!option && !subcommands.isEmpty()) {
      text.append(text.charAt(text.length() - 1) == '?' ? " There are: " : "; there are: ");
      text.append(String.join(", ", subcommands.keySet()));
    }
    return text.toString();
  }
}
