package dev.gmem.cli;

import dev.gmem.Gmem;
import dev.gmem.samples.console.ExitCode;
import dev.gmem.samples.console.Json;
import dev.gmem.samples.program.Summary;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmDiscovery;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Lists what every provider has, the most preferred first. */
@Command(
    name = "devices",
    description = "List the devices, or why there are none.",
    footer = "%nEnds with 69 if there is no device at all.")
final class DevicesCommand implements Callable<Integer> {
  @Mixin private HelpOption help;

  @Spec private CommandSpec spec;

  @Option(names = "--json", description = "Print the list as JSON.")
  private boolean json;

  @Override
  public Integer call() {
    List<GmDiscovery> answers = Gmem.discover();
    PrintWriter out = spec.commandLine().getOut();
    try {
      if (json) {
        out.println(Json.write(Map.of("providers", toList(answers))));
      } else {
        show(out, answers);
      }
      out.flush();
    } finally {
      close(answers);
    }
    boolean any = answers.stream().anyMatch(GmDiscovery.Available.class::isInstance);
    return any ? ExitCode.OK : ExitCode.UNAVAILABLE;
  }

  static void close(List<GmDiscovery> answers) {
    for (GmDiscovery answer : answers) {
      if (answer instanceof GmDiscovery.Available available) {
        available.devices().forEach(GmDevice::close);
      }
    }
  }

  private static void show(PrintWriter out, List<GmDiscovery> answers) {
    if (answers.isEmpty()) {
      out.println("no provider of devices is on the class path");
    }
    String defaultId = defaultId(answers);
    for (GmDiscovery answer : answers) {
      switch (answer) {
        case GmDiscovery.Unavailable(String provider, String reason, _) ->
            out.println(provider + ": unavailable: " + reason);
        case GmDiscovery.Available(_, List<GmDevice> devices) ->
            devices.forEach(device -> show(out, device, device.id().equals(defaultId)));
      }
    }
  }

  /** What programs get that name no device; null if there is none. */
  private static String defaultId(List<GmDiscovery> answers) {
    for (GmDiscovery answer : answers) {
      if (answer instanceof GmDiscovery.Available(_, List<GmDevice> devices)) {
        return devices.getFirst().id();
      }
    }
    return null;
  }

  private static void show(PrintWriter out, GmDevice device, boolean isDefault) {
    out.println(device.id() + (isDefault ? " (default): " : ": ") + device.description());
    long bytes = device.memoryBytes();
    out.println("  memory       " + (bytes == Long.MAX_VALUE ? "no limit" : Summary.bytes(bytes)));
    out.println("  shares       " + words(device.attachMode()));
    List<String> can = capabilities(device);
    out.println("  capabilities " + (can.isEmpty() ? "none" : String.join(", ", can)));
  }

  private static List<Object> toList(List<GmDiscovery> answers) {
    String defaultId = defaultId(answers);
    List<Object> list = new ArrayList<>();
    for (GmDiscovery answer : answers) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("provider", answer.provider());
      switch (answer) {
        case GmDiscovery.Unavailable unavailable -> {
          map.put("available", false);
          map.put("reason", unavailable.reason());
        }
        case GmDiscovery.Available available -> {
          map.put("available", true);
          map.put(
              "devices",
              available.devices().stream()
                  .map(device -> toMap(device, device.id().equals(defaultId)))
                  .toList());
        }
      }
      list.add(map);
    }
    return list;
  }

  private static Map<String, Object> toMap(GmDevice device, boolean isDefault) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("id", device.id());
    map.put("default", isDefault);
    map.put("description", device.description());
    long bytes = device.memoryBytes();
    map.put("memoryBytes", bytes == Long.MAX_VALUE ? null : bytes);
    map.put("attachMode", words(device.attachMode()));
    map.put("capabilities", capabilities(device));
    return map;
  }

  private static List<String> capabilities(GmDevice device) {
    return device.capabilities().stream()
        .sorted(java.util.Comparator.comparingInt(GmCapability::ordinal))
        .map(DevicesCommand::words)
        .toList();
  }

  private static String words(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }
}
