package dev.gmem.samples;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.gmem.AddressSpace;
import dev.gmem.SpaceOptions;
import dev.gmem.samples.console.ExitCode;
import dev.gmem.samples.data.Picture;
import dev.gmem.samples.data.Pictures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The samples as users call them, over ordinary memory. */
class SampleCommandTest {
  @TempDir Path folder;

  @BeforeEach
  void writeSmallInput() throws IOException {
    Picture picture = Picture.filled(40, 30, 0xFF20_2020);
    for (int i = 0; i < picture.argb().length; i++) {
      picture.argb()[i] |= i * 0x9E37 & 0xFF_FFFF;
    }
    Pictures.writePng(picture, folder.resolve("in.png"));
    String routes = "origin,destination,count\nJFK,ATL,10\nATL,LAX,2\nLAX,JFK,3\nATL,JFK,9\n";
    Files.writeString(folder.resolve("routes.csv"), routes);
  }

  private CommandRun run(String... args) {
    return CommandRun.of(PlainSpace::open, args);
  }

  /** Every sample, small enough for a test. */
  static Stream<List<String>> small() {
    return Stream.of(
        List.of("vector-add", "--n", "1000"),
        List.of("edge-detect", "--input", "FOLDER/in.png", "--output", "FOLDER/edges.png"),
        List.of("flight-graph"),
        List.of("game-of-life", "--size", "64", "--steps", "20", "--output", "FOLDER/life.png"),
        List.of("mandelbrot", "--width", "80", "--height", "50", "--output", "FOLDER/m.png"),
        List.of("n-body", "--days", "20", "--asteroids", "50", "--frames", "FOLDER/n.gif"),
        List.of("k-means", "--k", "5"),
        List.of("matrix-multiply", "--routes", "FOLDER/routes.csv"));
  }

  private String[] inFolder(List<String> args) {
    return args.stream().map(a -> a.replace("FOLDER", folder.toString())).toArray(String[]::new);
  }

  @ParameterizedTest
  @MethodSource("small")
  void everySampleIsVerifiedAgainstPlainJava(List<String> args) {
    CommandRun run = run(inFolder(args));
    assertThat(run.err()).isEmpty();
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).startsWith(args.getFirst() + " on plain0").contains("verified");
  }

  @ParameterizedTest
  @MethodSource("small")
  void everySampleNoticesKernelsThatDoNothing(List<String> args) {
    CommandRun run = CommandRun.of(PlainSpace::openIdle, inFolder(args));
    assertThat(run.exitCode()).isEqualTo(ExitCode.WRONG_RESULT);
    assertThat(run.out()).contains("WRONG");
  }

  @ParameterizedTest
  @MethodSource("small")
  void everyResultIsJsonOnDemandAndNothingElse(List<String> args) throws IOException {
    List<String> more = Stream.concat(args.stream(), Stream.of("--json")).toList();
    CommandRun run = run(inFolder(more));
    Map<String, Object> result = JSON.std.mapFrom(run.out());
    assertThat(result).containsEntry("sample", args.getFirst()).containsEntry("verified", true);
    assertThat(result).containsKeys("device", "check", "seconds", "figures", "memory");
  }

  @ParameterizedTest
  @MethodSource("small")
  void everySampleExplainsItselfAndItsExitCodes(List<String> args) {
    CommandRun run = run(args.getFirst(), "--help");
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("--device", "--json", "Exit codes", "66");
  }

  /** The samples that have their kernels as classes too. */
  static Stream<List<String>> withJavaKernels() {
    Set<String> names = Set.of("edge-detect", "mandelbrot", "n-body", "k-means");
    return small().filter(args -> names.contains(args.getFirst()));
  }

  private String[] inFolder(List<String> args, String... more) {
    return inFolder(Stream.concat(args.stream(), Stream.of(more)).toList());
  }

  @ParameterizedTest
  @MethodSource("withJavaKernels")
  void kernelsThatAreClassesComputeTheSame(List<String> args) {
    CommandRun run = run(inFolder(args, "--kernel", "java"));
    assertThat(run.exitCode()).as(run.err() + run.out()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("verified");
    CommandRun idle =
        CommandRun.of(PlainSpace::openIdleClasses, inFolder(args, "--kernel", "java"));
    assertThat(idle.exitCode()).isEqualTo(ExitCode.WRONG_RESULT);
  }

  @ParameterizedTest
  @MethodSource("withJavaKernels")
  void bothFormsAreComparedOnDemand(List<String> args) throws IOException {
    CommandRun run = run(inFolder(args, "--compare"));
    assertThat(run.exitCode()).as(run.err() + run.out()).isEqualTo(ExitCode.OK);
    assertThat(run.out().lines().skip(1)).hasSize(3).allMatch(line -> line.startsWith("verified"));
    Map<String, Object> result = JSON.std.mapFrom(run(inFolder(args, "--compare", "--json")).out());
    assertThat(result).containsEntry("verified", true);
    assertThat(result).containsKeys("sample", "device", "own", "java", "distanceMax");
  }

  @ParameterizedTest
  @MethodSource("withJavaKernels")
  void aComparisonNoticesThatTheFormsDiffer(List<String> args) {
    CommandRun run = CommandRun.of(PlainSpace::openIdleClasses, inFolder(args, "--compare"));
    assertThat(run.exitCode()).isEqualTo(ExitCode.WRONG_RESULT);
    List<String> lines = run.out().lines().skip(1).toList();
    assertThat(lines.get(0)).startsWith("verified   own");
    assertThat(lines.get(1)).startsWith("WRONG      java");
    assertThat(lines.get(2)).startsWith("WRONG      both");
  }

  @Test
  void samplesWithOneFormOfTheirKernelsOfferNoChoice() {
    assertThat(run("vector-add", "--kernel", "java").exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run("vector-add", "--compare").exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @ParameterizedTest
  @CsvSource({
    "mandelbrot,--kernel,scala",
    "vector-add,--n,-1",
    "vector-add,--n,0",
    "vector-add,--n,many",
    "flight-graph,--damping,1",
    "flight-graph,--damping,NaN",
    "flight-graph,--tolerance,-1",
    "flight-graph,--iterations,0",
    "game-of-life,--size,20",
    "game-of-life,--edits,-1",
    "mandelbrot,--width,0",
    "mandelbrot,--output,picture.jpg",
    "n-body,--days,0",
    "n-body,--asteroids,-3",
    "n-body,--frames,film.mp4",
    "n-body,--output,orbits.gif",
    "k-means,--k,0",
    "vector-add,--devise,plain0",
    "vector-add,--n,5 5"
  })
  void wrongOptionsAreUsageErrorsInOneSentence(String sample, String option, String value) {
    CommandRun run = run(sample, option, value);
    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).startsWith("gmem-samples:").doesNotContain("\tat ", "Exception");
    assertThat(run.err().lines()).hasSizeLessThanOrEqualTo(2);
    assertThat(run.out()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "edge-detect,--input",
    "flight-graph,--routes",
    "game-of-life,--pattern",
    "matrix-multiply,--routes"
  })
  void unusableInputIsRefusedInOneSentence(String sample, String option) throws IOException {
    Path broken = Files.writeString(folder.resolve("broken"), "this is neither\n1,2");
    Path binary = Files.write(folder.resolve("binary"), new byte[] {(byte) 0xFF, 0, (byte) 0xC0});
    Path empty = Files.createFile(folder.resolve("empty"));
    for (Path bad : List.of(folder.resolve("missing"), folder, broken, binary, empty)) {
      CommandRun run = run(sample, option, bad.toString());
      assertThat(run.exitCode()).as(bad.toString()).isEqualTo(ExitCode.INPUT);
      assertThat(run.err()).startsWith("gmem-samples: ").doesNotContain("\tat ", "Exception");
      assertThat(run.err().lines()).hasSize(1);
    }
  }

  @Test
  void inputIsCheckedBeforeAnythingIsOpened() {
    Function<SpaceOptions, AddressSpace> never =
        options -> {
          throw new AssertionError("opened");
        };
    assertThat(CommandRun.of(never, "vector-add", "--n", "-1").exitCode())
        .isEqualTo(ExitCode.USAGE);
    assertThat(CommandRun.of(never, "edge-detect", "--input", "/nowhere").exitCode())
        .isEqualTo(ExitCode.INPUT);
  }

  @Test
  void anUnknownDeviceIsRefusedWithTheListOfThoseThereAre() {
    CommandRun run = run("vector-add", "--device", "gpu7");
    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err()).contains("gpu7", "plain0");
  }

  @Test
  void anUnknownSampleIsAnsweredWithTheNearest() {
    CommandRun run = run("vector-ad");
    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("did you mean 'vector-add'?", "flight-graph");
  }

  @Test
  void noSampleIsAUsageError() {
    CommandRun run = run();
    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).contains("--help");
  }

  @Test
  void tracesAreShownOnDemandOnly() {
    CommandRun run = run("vector-add", "--device", "gpu7", "--verbose");
    assertThat(run.err()).contains("\tat ");
    Function<SpaceOptions, AddressSpace> broken =
        options -> {
          throw new IllegalStateException("a bug");
        };
    CommandRun bug = CommandRun.of(broken, "vector-add");
    assertThat(bug.exitCode()).isEqualTo(ExitCode.INTERNAL);
    assertThat(bug.err()).contains("a bug", "--verbose").doesNotContain("\tat ");
  }

  @Test
  void aHeapThatIsTooSmallIsNotATrace() {
    Function<SpaceOptions, AddressSpace> full =
        options -> {
          throw new OutOfMemoryError("Java heap space");
        };
    CommandRun run = CommandRun.of(full, "vector-add");
    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err()).contains("-Xmx").doesNotContain("\tat ");
  }

  @Test
  void edgesOfAPictureLieWhereItsBrightnessChanges() {
    Path input = folder.resolve("halves.png");
    Path output = folder.resolve("edges.png");
    Picture halves = Picture.filled(200, 100, 0xFF20_2020);
    for (int i = 0; i < halves.argb().length; i++) {
      halves.argb()[i] = i % 200 < 100 ? 0xFF20_2020 : 0xFFC0_C0C0;
    }
    Pictures.writePng(halves, input);
    CommandRun run = run("edge-detect", "--input", input.toString(), "--output", output.toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    Picture edges = Pictures.read(output);
    for (int x = 0; x < 200; x++) {
      boolean painted = edges.argb()[50 * 200 + x] != halves.argb()[50 * 200 + x];
      assertThat(painted).as("x=%d", x).isEqualTo(x >= 97 && x <= 102);
    }
  }

  @Test
  void aPictureOfOnePixelHasNoEdges() {
    Path input = folder.resolve("dot.png");
    Pictures.writePng(Picture.filled(1, 1, 0xFF12_3456), input);
    Path output = folder.resolve("edges.png");
    CommandRun run = run("edge-detect", "--input", input.toString(), "--output", output.toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(Pictures.read(output).argb()).containsExactly(0xFF12_3456);
  }

  @Test
  void theBodiesAreDrawnFrameByFrameAndTheirOrbitsInOnePicture() throws IOException {
    Path film = folder.resolve("n.gif");
    Path orbits = folder.resolve("n.png");
    String[] files = {"--frames", film.toString(), "--output", orbits.toString()};
    CommandRun run =
        run(
            Stream.concat(
                    Stream.of("n-body", "--days", "88", "--asteroids", "99"), Stream.of(files))
                .toArray(String[]::new));
    assertThat(run.exitCode()).as(run.err()).isEqualTo(ExitCode.OK);
    int mercury = 0xFFB0_A090;
    List<Picture> frames = Films.read(film);
    assertThat(frames).hasSize(18);
    assertThat(Films.middle(frames.getFirst(), mercury)).isNotNull();
    double[] quarter = Films.middle(frames.get(4), mercury);
    double[] half = Films.middle(frames.get(8), mercury);
    double[] whole = Films.middle(frames.get(17), mercury);
    double[] begin = Films.middle(frames.getFirst(), mercury);
    assertThat(Films.distance(half, begin)).as("half a year of Mercury's").isGreaterThan(20);
    assertThat(Films.distance(quarter, half)).isGreaterThan(10);
    assertThat(Films.distance(whole, begin)).as("its whole year").isLessThan(10);
    assertThat(Pictures.read(orbits).argb()).contains(mercury);
  }

  @Test
  void theInputIsNeverOverwritten() {
    Path input = folder.resolve("dot.png");
    Pictures.writePng(Picture.filled(1, 1, 0xFF12_3456), input);
    CommandRun run = run("edge-detect", "--input", input.toString(), "--output", input.toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
  }

  @Test
  void theBusiestAirportComesFirst() throws IOException {
    Path routes = folder.resolve("flights.csv");
    Files.writeString(
        routes, "origin,destination,count\nJFK,ATL,10\nLAX,ATL,10\nATL,LAX,1\nORD,XXX,3\n");
    CommandRun run = run("flight-graph", "--routes", routes.toString());
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out().lines().filter(line -> line.startsWith("   1  "))).hasSize(1);
    assertThat(run.out()).containsPattern("   1  0\\.\\d+  (ATL|LAX) ").contains("XXX");
  }
}
