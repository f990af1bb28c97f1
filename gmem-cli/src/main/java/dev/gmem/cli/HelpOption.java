package dev.gmem.cli;

import picocli.CommandLine.Option;

/** Mixed into every command. */
final class HelpOption {
  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean help;
}
