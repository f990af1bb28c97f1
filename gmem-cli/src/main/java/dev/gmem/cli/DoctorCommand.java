package dev.gmem.cli;

import dev.gmem.samples.console.ExitCode;
import dev.gmem.samples.console.Json;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Examines the installation, and says what to do where something is amiss. */
@Command(
    name = "doctor",
    description = "Examine the installation, and say what to do.",
    footer = "%nEnds with 1 if something that is needed is broken.")
final class DoctorCommand implements Callable<Integer> {
  @Mixin private HelpOption help;

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print the findings as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<Finding> findings = new ArrayList<>();
    boolean tell = !json;
    new JvmChecks().run(finding -> note(out, findings, finding, tell));
    new SpaceChecks().run(finding -> note(out, findings, finding, tell));
    new MachineChecks().run(finding -> note(out, findings, finding, tell));
    boolean healthy = findings.stream().noneMatch(f -> f.status() == Finding.Status.BROKEN);
    if (json) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("healthy", healthy);
      map.put("findings", findings.stream().map(Finding::toMap).toList());
      out.println(Json.write(map));
    } else {
      out.println(healthy ? "All that is needed works." : "Something that is needed is broken.");
    }
    out.flush();
    return healthy ? ExitCode.OK : ExitCode.WRONG_RESULT;
  }

  /** Tells at once: a check may take its time, or bring the process down. */
  private static void note(PrintWriter out, List<Finding> all, Finding finding, boolean tell) {
    all.add(finding);
    if (!tell) {
      return;
    }
    boolean fancy = canEncode("✓✗");
    String mark =
        switch (finding.status()) {
          case GOOD -> "@|green " + (fancy ? "✓" : "ok  ") + "|@";
          case NOTE -> "@|yellow " + (fancy ? "•" : "note") + "|@";
          case BROKEN -> "@|bold,red " + (fancy ? "✗" : "FAIL") + "|@";
        };
    out.println(Ansi.AUTO.string(mark) + " " + finding.check() + ": " + finding.detail());
    if (finding.remedy() != null) {
      out.println((fancy ? "  " : "     ") + finding.remedy());
    }
    out.flush();
  }

  private static boolean canEncode(String text) {
    Charset charset =
        Charset.forName(
            System.getProperty("stdout.encoding", "US-ASCII"), Charset.defaultCharset());
    return charset.newEncoder().canEncode(text);
  }
}
