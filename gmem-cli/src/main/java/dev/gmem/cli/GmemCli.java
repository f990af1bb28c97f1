package dev.gmem.cli;

import dev.gmem.bench.BenchCommand;
import dev.gmem.bench.BenchmarkException;
import dev.gmem.samples.SampleCommands;
import dev.gmem.samples.console.ExitCode;
import dev.gmem.samples.console.Failures;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The {@code gmem} command. */
@Command(
    name = "gmem",
    description = "One address space for the CPU and every accelerator of a Java process.",
    versionProvider = Version.class,
    subcommands = {
      RunCommand.class,
      DevicesCommand.class,
      DoctorCommand.class,
      BenchCommand.class,
      TestCommand.class,
    },
    commandListHeading = "%nCommands:%n",
    exitCodeListHeading = "%nExit codes:%n",
    footer = "%nGMEM_TRACE=1 in the environment has the effect of --verbose.")
public final class GmemCli implements Callable<Integer> {
  @Mixin private Failures failures = new Failures(List.of(BenchmarkException.class));

  @Spec private CommandSpec spec;

  @Mixin private HelpOption help;

  @Option(
      names = {"-V", "--version"},
      versionHelp = true,
      description = "Show the versions of this program and of Java.")
  private boolean version;

  GmemCli() {}

  /**
   * Runs a command and ends the process.
   *
   * @param args the command and its options
   */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    GmemCli cli = new GmemCli();
    System.exit(cli.execute(cli.command(), args));
  }

  CommandLine command() {
    CommandLine command = new CommandLine(this);
    SampleCommands.addTo(command.getSubcommands().get("run"));
    command.getCommandSpec().usageMessage().exitCodeList(ExitCode.legend());
    return command;
  }

  int execute(CommandLine command, String... args) {
    return failures.execute(command, args);
  }

  /** Runs if no command was named. */
  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "which command?");
  }
}
