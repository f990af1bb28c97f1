package dev.gmem.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs a sample; the samples are its subcommands. */
@Command(
    name = "run",
    description = "Run a sample.",
    synopsisSubcommandLabel = "SAMPLE",
    commandListHeading = "%nSamples:%n")
final class RunCommand implements Callable<Integer> {
  @Mixin private HelpOption help;

  @Spec private CommandSpec spec;

  /** Runs if no sample was named. */
  @Override
  public Integer call() {
    throw new ParameterException(
        spec.commandLine(),
        "which sample? There are: " + String.join(", ", spec.subcommands().keySet()));
  }
}
