package dev.gmem.samples;

import dev.gmem.samples.program.KernelForm;
import picocli.CommandLine.Option;

/** The options of samples that have their kernels in two forms. */
final class KernelChoice {
  @Option(
      names = "--kernel",
      paramLabel = "FORM",
      description =
          "Which kernels to launch, ${COMPLETION-CANDIDATES}: those in the device's own form,"
              + " OpenCL C or a lambda, or a Java class that is the same on every device (default:"
              + " ${DEFAULT-VALUE}).")
  private KernelForm form = KernelForm.OWN;

  @Option(names = "--compare", description = "Run with both, and compare results and kernel times.")
  private boolean compare;

  KernelChoice() {}

  KernelForm form() {
    return form;
  }

  boolean compare() {
    return compare;
  }
}
