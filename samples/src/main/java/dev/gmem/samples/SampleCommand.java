package dev.gmem.samples;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.SpaceOptions;
import dev.gmem.samples.console.ExitCode;
import dev.gmem.samples.console.Json;
import dev.gmem.samples.console.Refusal;
import dev.gmem.samples.program.Outcome;
import dev.gmem.samples.program.Sample;
import dev.gmem.samples.program.SampleRun;
import dev.gmem.samples.program.Summary;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs one sample: opens an address space, lets it work there, shows what came of it. */
@Command
final class SampleCommand implements Callable<Integer> {
  private final Sample sample;
  private final Function<SpaceOptions, AddressSpace> opener;

  @Spec private CommandSpec spec;

  @Option(
      names = "--device",
      paramLabel = "ID",
      description = "Where to run the kernels, for instance sim0 (default: the preferred device).")
  private String deviceId;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  SampleCommand(Sample sample, Function<SpaceOptions, AddressSpace> opener) {
    this.sample = sample;
    this.opener = opener;
  }

  @Override
  public Integer call() {
    sample.prepare();
    PrintWriter out = spec.commandLine().getOut();
    PrintWriter err = spec.commandLine().getErr();
    PrintWriter talk = json ? new PrintWriter(PrintWriter.nullWriter()) : out;
    try (AddressSpace space = opener.apply(sample.layout())) {
      Device device = device(space);
      talk.println(sample.name() + " on " + device.id() + ": " + device.description());
      talk.flush();
      try (Arena arena = space.arena()) {
        SampleRun run = new SampleRun(space, device, arena, talk, err, Ansi.AUTO.enabled());
        long start = System.nanoTime();
        Outcome outcome = sample.run(run);
        double seconds = (System.nanoTime() - start) / 1e9;
        if (json) {
          out.println(Json.write(toMap(device, outcome, seconds, run.summary())));
        } else {
          show(talk, outcome, run.summary());
        }
        out.flush();
        return outcome.verified() ? ExitCode.OK : ExitCode.WRONG_RESULT;
      }
    }
  }

  private Device device(AddressSpace space) {
    try {
      return deviceId == null ? space.device() : space.device(deviceId);
    } catch (IllegalArgumentException e) {
      throw Refusal.unavailable(e.getMessage(), e);
    }
  }

  private static void show(PrintWriter out, Outcome outcome, Summary summary) {
    String verdict = outcome.verified() ? "@|bold,green verified|@   " : "@|bold,red WRONG|@      ";
    out.println(Ansi.AUTO.string(verdict) + outcome.check());
    summary.lines().forEach(out::println);
  }

  private Map<String, Object> toMap(
      Device device, Outcome outcome, double seconds, Summary summary) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("sample", sample.name());
    map.put("device", device.id());
    map.put("verified", outcome.verified());
    map.put("check", outcome.check());
    map.put("seconds", seconds);
    map.put("figures", outcome.figures());
    map.put("memory", summary.toMap());
    return map;
  }
}
