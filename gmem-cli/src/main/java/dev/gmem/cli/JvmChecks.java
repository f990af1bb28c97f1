package dev.gmem.cli;

import java.util.function.Consumer;

/** Examines the Java virtual machine. */
final class JvmChecks {
  private static final int FEATURE_MIN = 25;

  void run(Consumer<Finding> findings) {
    Runtime.Version version = Runtime.version();
    String facts =
        version
            + ", "
            + System.getProperty("java.vendor")
            + ", "
            + System.getProperty("java.vm.name")
            + " on "
            + System.getProperty("os.arch");
    findings.accept(
        version.feature() >= FEATURE_MIN
            ? Finding.good("JDK", facts)
            : Finding.broken("JDK", facts, "Install JDK " + FEATURE_MIN + " or newer."));
    if (System.getProperty("sun.arch.data.model", "64").equals("32")) {
      findings.accept(
          Finding.broken("address width", "32 bits", "Use a JDK for a 64-bit machine."));
    }
  }
}
