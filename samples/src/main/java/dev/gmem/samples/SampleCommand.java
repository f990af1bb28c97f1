package dev.gmem.samples;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.Gmem;
import dev.gmem.SpaceOptions;
import dev.gmem.samples.console.ExitCode;
import dev.gmem.samples.console.Json;
import dev.gmem.samples.console.Refusal;
import dev.gmem.samples.program.Outcome;
import dev.gmem.samples.program.Sample;
import dev.gmem.samples.program.SampleRun;
import dev.gmem.samples.program.Summary;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDiscovery;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
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
  private final KernelChoice kernels;
  private final Function<SpaceOptions, AddressSpace> opener;

  @Spec private CommandSpec spec;

  @Option(
      names = "--device",
      paramLabel = "ID",
      description = {
        "Where to run the kernels: a device, for instance sim0, or the first one of a kind, for",
        "instance opencl (default: the first there is, real ones before simulated ones)."
      })
  private String deviceId;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  SampleCommand(Sample sample, KernelChoice kernels, Function<SpaceOptions, AddressSpace> opener) {
    this.sample = sample;
    this.kernels = kernels;
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
      if (deviceId == null) {
        passedOver(device.id()).forEach(talk::println);
      }
      talk.flush();
      if (kernels.compare()) {
        return compare(space, device, out);
      }
      try (Arena arena = space.arena();
          SampleRun run =
              new SampleRun(space, device, arena, talk, err, Ansi.AUTO.enabled(), kernels.form())) {
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

  private int compare(AddressSpace space, Device device, PrintWriter out) {
    KernelComparison comparison = KernelComparison.of(sample, space, device);
    if (json) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("sample", sample.name());
      map.put("device", device.id());
      map.putAll(comparison.toMap());
      out.println(Json.write(map));
    } else {
      comparison.lines().forEach(line -> out.println(Ansi.AUTO.string(line)));
    }
    out.flush();
    return comparison.verified() ? ExitCode.OK : ExitCode.WRONG_RESULT;
  }

  private Device device(AddressSpace space) {
    try {
      return deviceId == null ? space.device() : space.device(deviceId);
    } catch (IllegalArgumentException e) {
      throw Refusal.unavailable(e.getMessage(), e);
    }
  }

  /** Says why the kinds that are preferred to the default device's have none. */
  private static List<String> passedOver(String chosen) {
    List<GmDiscovery> answers = Gmem.discover();
    List<String> lines = passedOver(answers, chosen);
    for (GmDiscovery answer : answers) {
      if (answer instanceof GmDiscovery.Available(_, List<GmDevice> devices)) {
        devices.forEach(GmDevice::close);
      }
    }
    return lines;
  }

  static List<String> passedOver(List<GmDiscovery> answers, String chosen) {
    List<String> lines = new ArrayList<>();
    for (GmDiscovery answer : answers) {
      switch (answer) {
        case GmDiscovery.Unavailable(String kind, String reason, _) ->
            lines.add("no " + kind + " device: " + reason);
        case GmDiscovery.Available(_, List<GmDevice> devices) -> {
          return devices.getFirst().id().equals(chosen) ? lines : List.of();
        }
      }
    }
    return List.of();
  }

  /** The word that a line about a result begins with, for {@link Ansi}. */
  static String verdict(boolean verified) {
    return verified ? "@|bold,green verified|@   " : "@|bold,red WRONG|@      ";
  }

  private static void show(PrintWriter out, Outcome outcome, Summary summary) {
    out.println(Ansi.AUTO.string(verdict(outcome.verified())) + outcome.check());
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
