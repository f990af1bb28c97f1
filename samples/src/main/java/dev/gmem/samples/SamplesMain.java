package dev.gmem.samples;

import dev.gmem.AddressSpace;
import dev.gmem.Gmem;
import dev.gmem.SpaceOptions;
import dev.gmem.samples.console.Failures;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Runs the samples: {@code java -jar gmem-samples.jar vector-add}. */
@Command(
    name = "gmem-samples",
    description = "Programs whose CPU code and kernels share memory, each checked by plain Java.",
    synopsisSubcommandLabel = "SAMPLE",
    commandListHeading = "%nSamples:%n")
public final class SamplesMain implements Callable<Integer> {
  @Mixin private Failures failures = new Failures();

  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  private boolean help;

  SamplesMain() {}

  /**
   * Runs a sample and ends the process.
   *
   * @param args name of the sample, and its options
   */
  public static void main(String[] args) {
    System.setProperty("java.awt.headless", "true");
    SamplesMain main = new SamplesMain();
    System.exit(main.execute(main.command(Gmem::open), args));
  }

  CommandLine command(Function<SpaceOptions, AddressSpace> opener) {
    CommandLine command = new CommandLine(this);
    SampleCommands.addTo(command, opener);
    return command;
  }

  int execute(CommandLine command, String... args) {
    return failures.execute(command, args);
  }

  /** Runs if no sample was named. */
  @Override
  public Integer call() {
    throw new ParameterException(spec.commandLine(), "which sample?");
  }
}
