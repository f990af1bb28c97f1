package dev.gmem.samples;

import dev.gmem.AddressSpace;
import dev.gmem.Device;
import dev.gmem.DeviceStatistics;
import dev.gmem.samples.program.KernelForm;
import dev.gmem.samples.program.Outcome;
import dev.gmem.samples.program.Sample;
import dev.gmem.samples.program.SampleRun;
import java.io.PrintWriter;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A sample run with its kernels in both forms, in the same space. Each form runs twice; the second
 * time counts, when compilers have done their work.
 */
final class KernelComparison {
  /** What the kernels of one form came to. */
  private record Side(KernelForm form, Outcome outcome, long kernelNanos) {}

  private final List<Side> sides;
  private final double distanceMax;
  private final double bound;

  private KernelComparison(List<Side> sides, double distanceMax, double bound) {
    this.sides = sides;
    this.distanceMax = distanceMax;
    this.bound = bound;
  }

  /**
   * Runs a sample.
   *
   * @param sample one that has its kernels in two forms, prepared
   * @param space where it is to work
   * @param device a device of the space
   */
  static KernelComparison of(Sample sample, AddressSpace space, Device device) {
    for (KernelForm form : KernelForm.values()) {
      try (Arena arena = space.arena();
          SampleRun run = newRun(space, device, arena, form)) {
        sample.run(run);
      }
    }
    try (Arena ownArena = space.arena();
        Arena javaArena = space.arena();
        SampleRun own = newRun(space, device, ownArena, KernelForm.OWN);
        SampleRun java = newRun(space, device, javaArena, KernelForm.JAVA)) {
      List<Side> sides = new ArrayList<>();
      sides.add(side(sample, own, KernelForm.OWN));
      sides.add(side(sample, java, KernelForm.JAVA));
      double bound = sample.javaKernelBound().orElseThrow();
      return new KernelComparison(sides, java.distanceMax(own), bound);
    }
  }

  private static SampleRun newRun(AddressSpace space, Device device, Arena arena, KernelForm form) {
    PrintWriter nobody = new PrintWriter(PrintWriter.nullWriter());
    return new SampleRun(space, device, arena, nobody, nobody, false, form);
  }

  private static Side side(Sample sample, SampleRun run, KernelForm form) {
    long before = kernelNanos(run);
    Outcome outcome = sample.run(run);
    return new Side(form, outcome, kernelNanos(run) - before);
  }

  private static long kernelNanos(SampleRun run) {
    DeviceStatistics used = run.space().statistics().devices().get(run.device().id());
    return used == null ? 0 : used.kernelNanos();
  }

  /** Whether both results are right, and the same within the sample's bound. */
  boolean verified() {
    return agree() && sides.stream().allMatch(side -> side.outcome.verified());
  }

  private boolean agree() {
    return distanceMax <= bound;
  }

  /** The time of the Java kernels as a part of that of the others. */
  private double ratio() {
    return (double) sides.getLast().kernelNanos / sides.getFirst().kernelNanos;
  }

  /** Says it for people; each line is for {@link picocli.CommandLine.Help.Ansi}. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (Side side : sides) {
      lines.add(
          String.format(
              Locale.ROOT,
              "%s%-4s  kernels ran for %.1f ms; %s",
              SampleCommand.verdict(side.outcome.verified()),
              side.form,
              side.kernelNanos / 1e6,
              side.outcome.check()));
    }
    lines.add(
        String.format(
            Locale.ROOT,
            "%sboth  java took %.2f times as long; buffers differ by at most %.2g (bound %.0e)",
            SampleCommand.verdict(agree()),
            ratio(),
            distanceMax,
            bound));
    return lines;
  }

  /** Says it for programs. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("verified", verified());
    for (Side side : sides) {
      Map<String, Object> part = new LinkedHashMap<>();
      part.put("verified", side.outcome.verified());
      part.put("check", side.outcome.check());
      part.put("kernelNanos", side.kernelNanos);
      part.put("figures", side.outcome.figures());
      map.put(side.form.toString(), part);
    }
    map.put("distanceMax", distanceMax);
    map.put("kernelTimeRatio", ratio());
    return map;
  }
}
