package dev.gmem.samples;

import dev.gmem.AddressSpace;
import dev.gmem.Gmem;
import dev.gmem.SpaceOptions;
import dev.gmem.samples.console.ExitCode;
import dev.gmem.samples.program.Sample;
import dev.gmem.samples.program.Samples;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The samples as subcommands, for every program that offers them. */
public final class SampleCommands {
  private SampleCommands() {}

  /**
   * Adds one subcommand per sample.
   *
   * @param parent the command that offers them
   */
  public static void addTo(CommandLine parent) {
    addTo(parent, Gmem::open);
  }

  static void addTo(CommandLine parent, Function<SpaceOptions, AddressSpace> opener) {
    for (Sample sample : Samples.all()) {
      parent.addSubcommand(sample.name(), command(sample, opener));
    }
  }

  private static CommandSpec command(Sample sample, Function<SpaceOptions, AddressSpace> opener) {
    KernelChoice kernels = new KernelChoice();
    CommandSpec spec = CommandSpec.forAnnotatedObject(new SampleCommand(sample, kernels, opener));
    spec.addMixin("sample", CommandSpec.forAnnotatedObject(sample));
    if (sample.javaKernelBound().isPresent()) {
      spec.addMixin("kernels", CommandSpec.forAnnotatedObject(kernels));
    }
    spec.parser().caseInsensitiveEnumValuesAllowed(true);
    spec.addOption(
        OptionSpec.builder("-h", "--help").usageHelp(true).description("Show this help.").build());
    spec.usageMessage()
        .description(sample.description())
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(ExitCode.legend())
        .sortOptions(false);
    return spec;
  }
}
