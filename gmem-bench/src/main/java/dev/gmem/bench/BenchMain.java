package dev.gmem.bench;

import picocli.CommandLine;

/** Runs benchmarks: {@code java -jar gmem-bench.jar run start-up}. */
public final class BenchMain {
  private static final int EXIT_FAILED = 70;

  private BenchMain() {}

  /**
   * Runs the command line and ends the process.
   *
   * @param args a subcommand and its options
   */
  public static void main(String[] args) {
    System.exit(execute(new CommandLine(new BenchCommand()), args));
  }

  static int execute(CommandLine command, String... args) {
    command.setCommandName("gmem-bench");
    command.setExecutionExceptionHandler(
        (exception, failed, parsed) -> {
          if (!(exception instanceof BenchmarkException)) {
            throw exception;
          }
          failed.getErr().println("gmem-bench: " + exception.getMessage());
          failed.getErr().flush();
          return EXIT_FAILED;
        });
    return command.execute(args);
  }
}
