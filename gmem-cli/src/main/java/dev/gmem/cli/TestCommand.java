package dev.gmem.cli;

import dev.gmem.samples.console.Refusal;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Unmatched;

/** Stands for what the {@code gmem} script does before it comes to Java. */
@Command(
    name = "test",
    customSynopsis = "gmem test [-h] [MAVEN ARGUMENTS]",
    description = "Run every test and check. The gmem script of the sources does it, with Maven.")
final class TestCommand implements Callable<Integer> {
  @Mixin private HelpOption help;

  /** Meant for Maven. */
  @Unmatched private List<String> arguments;

  @Override
  public Integer call() {
    throw Refusal.usage("the tests need the sources: run './gmem test' where they are");
  }
}
