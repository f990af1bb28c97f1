package dev.gmem.samples.program;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.gmem.Kernel;
import dev.gmem.KernelSource.Parameter;
import dev.gmem.Launch;
import dev.gmem.NdRange;
import dev.gmem.SpaceOptions;
import dev.gmem.kernel.DeviceMemory;
import dev.gmem.kernel.KernelArguments;
import dev.gmem.kernel.WorkItem;
import dev.gmem.samples.console.Progress;
import dev.gmem.samples.console.Refusal;
import dev.gmem.samples.data.Animation;
import dev.gmem.samples.data.Pictures;
import dev.gmem.samples.data.Planet;
import dev.gmem.samples.kernel.DriftKernel;
import dev.gmem.samples.kernel.KickKernel;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import picocli.CommandLine.Option;

/**
 * Moves the planets and a belt of asteroids. The device moves all of them; after every step the CPU
 * looks where the planets are, which brings their granule home and leaves the asteroids' where they
 * are; for every tenth it draws all of them.
 */
public final class NBody implements Sample {
  /** Greatest distance from plain Java's positions that passes, in astronomical units. */
  static final double BOUND = 1e-3;

  static final int FLOATS_PER_BODY = 4;
  private static final int EARTH = 3;
  private static final int ASTEROIDS_MAX = 1_000_000;
  private static final int DAYS_MAX = 100_000;
  private static final float STEP_DAYS = 0.5f;
  private static final int PICTURE_PIXELS = 900;
  private static final int FRAME_PIXELS = 480;
  private static final int FRAME_STEPS = 10;
  private static final int FRAME_CENTIS = 8;

  @Option(
      names = "--days",
      paramLabel = "COUNT",
      description = "How long to go on (default: ${DEFAULT-VALUE}).")
  private int days = 400;

  @Option(
      names = "--asteroids",
      paramLabel = "COUNT",
      description = "How many asteroids (default: ${DEFAULT-VALUE}).")
  private int asteroids = 2000;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      description = "Draw the orbits as a PNG (default: none).")
  private Path output;

  @Option(
      names = "--frames",
      paramLabel = "FILE",
      description = "The GIF that moves, a frame every 5 days (default: ${DEFAULT-VALUE}).")
  private Path frames = Path.of("n-body.gif");

  /** Makes one with default options. */
  public NBody() {}

  private static void kick(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    long bodies = arguments.address(0);
    long velocity = arguments.address(1) + item.globalId(0) * FLOATS_PER_BODY * Float.BYTES;
    long self = bodies + item.globalId(0) * FLOATS_PER_BODY * Float.BYTES;
    float time = arguments.getFloat(3);
    float x = memory.getFloat(self);
    float y = memory.getFloat(self + 4);
    float z = memory.getFloat(self + 8);
    float ax = 0;
    float ay = 0;
    float az = 0;
    long end = bodies + arguments.getLong(2) * FLOATS_PER_BODY * Float.BYTES;
    for (long other = bodies; other < end; other += FLOATS_PER_BODY * Float.BYTES) {
      float dx = memory.getFloat(other) - x;
      float dy = memory.getFloat(other + 4) - y;
      float dz = memory.getFloat(other + 8) - z;
      float square = dx * dx + dy * dy + dz * dz;
      if (square > 0) {
        float pull = memory.getFloat(other + 12) / (square * (float) Math.sqrt(square));
        ax += pull * dx;
        ay += pull * dy;
        az += pull * dz;
      }
    }
    memory.putFloat(velocity, memory.getFloat(velocity) + ax * time);
    memory.putFloat(velocity + 4, memory.getFloat(velocity + 4) + ay * time);
    memory.putFloat(velocity + 8, memory.getFloat(velocity + 8) + az * time);
  }

  private static void drift(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    long offset = item.globalId(0) * FLOATS_PER_BODY * Float.BYTES;
    for (long k = offset; k < offset + 12; k += Float.BYTES) {
      float velocity = memory.getFloat(arguments.address(1) + k);
      long place = arguments.address(0) + k;
      memory.putFloat(place, memory.getFloat(place) + velocity * arguments.getFloat(2));
    }
  }

  @Override
  public String name() {
    return "n-body";
  }

  @Override
  public String description() {
    return "Moves planets and asteroids while the CPU watches the planets.";
  }

  /** The planets fit a small granule, so that the CPU's look at them moves little. */
  @Override
  public SpaceOptions layout() {
    return SpaceOptions.defaults().withGranuleBytes(SpaceOptions.GRANULE_BYTES_MIN);
  }

  @Override
  public OptionalDouble javaKernelBound() {
    return OptionalDouble.of(BOUND);
  }

  @Override
  public void prepare() {
    Refusal.requireRange("--days", days, 1, DAYS_MAX);
    Refusal.requireRange("--asteroids", asteroids, 0, ASTEROIDS_MAX);
    Animation.requireWritable(frames);
    if (output != null) {
      Pictures.requireWritable(output);
    }
  }

  @Override
  public Outcome run(SampleRun run) {
    List<Planet> all = bodies();
    int heavy = all.size() - asteroids;
    MemorySegment bodies = run.buffer("bodies", packed(all, true));
    MemorySegment velocities = run.buffer("velocities", packed(all, false));
    Kernel kick =
        run.kernel(
            "kick",
            NBody::kick,
            new JavaForm(new KickKernel(), "bodies", "velocities", "heavy", "time"),
            Parameter.READ,
            Parameter.READ_WRITE,
            Parameter.SCALAR,
            Parameter.SCALAR);
    Kernel drift =
        run.kernel(
            "drift",
            NBody::drift,
            new JavaForm(new DriftKernel(), "bodies", "velocities", "time"),
            Parameter.READ_WRITE,
            Parameter.READ,
            Parameter.SCALAR);
    NdRange range = NdRange.of(all.size());
    Sky orbits = new Sky(PICTURE_PIXELS);
    Sky now = new Sky(FRAME_PIXELS);
    Orbit earth = new Orbit(bodies);
    int steps = Math.round(days / STEP_DAYS);
    long homeBytes = 0;
    int drawn;
    try (Progress progress = run.progress("step", steps);
        Animation film = new Animation(frames, FRAME_CENTIS, Sky.palette())) {
      for (int i = 1; i <= steps; i++) {
        float kickDays = i == 1 ? STEP_DAYS / 2 : STEP_DAYS;
        Launch kicked = kick.launch(range, bodies, velocities, heavy, kickDays);
        drift.launch(range, bodies, velocities, STEP_DAYS).join();
        kicked.join();
        long before = run.space().statistics().total().bytesToHost();
        earth.look(i * STEP_DAYS);
        orbits.draw(bodies, 0, heavy);
        homeBytes = run.space().statistics().total().bytesToHost() - before;
        if (i % FRAME_STEPS == 0 || i == steps) {
          now.clear();
          now.draw(bodies, 0, all.size());
          film.add(now.picture());
        }
        progress.at(i);
      }
      drawn = film.finish();
    }
    run.noteResidency("after the last step");
    run.say(
        "%,d bodies, %,d steps of %s days; a look at the planets brought %s of %s home",
        all.size(), steps, STEP_DAYS, Summary.bytes(homeBytes), Summary.bytes(bodies.byteSize()));
    run.say("%s", earth.text());
    run.say("%s: %d frames", frames, drawn);
    if (output != null) {
      orbits.draw(bodies, heavy, all.size());
      Pictures.writePng(orbits.picture(), output);
      run.say("%s: the orbits", output);
    }
    double distance = BodiesReference.of(all, heavy).distanceMax(steps, STEP_DAYS, bodies);
    String check = "positions are at most %.2g au from plain Java's (bound %.0e)";
    return Outcome.of(distance <= BOUND, check, distance, BOUND)
        .with("bodies", all.size())
        .with("steps", steps)
        .with("frames", drawn)
        .with("earthYearDays", earth.yearDays)
        .with("bytesToHostPerStep", homeBytes)
        .with("distanceMax", distance);
  }

  /** The sun, the planets, and asteroids between Mars and Jupiter. */
  private List<Planet> bodies() {
    List<Planet> all = new ArrayList<>();
    all.add(new Planet("Sun", 1, new double[3], new double[3]));
    all.addAll(Planet.all());
    SplittableRandom random = new SplittableRandom(1801);
    for (int i = 0; i < asteroids; i++) {
      double turn = 2 * Math.PI;
      double[] shape = {
        random.nextDouble(2.1, 3.3), random.nextDouble(0, 0.15), random.nextDouble(turn)
      };
      double[] angles = {
        random.nextDouble(0, 0.17), random.nextDouble(turn), random.nextDouble(turn)
      };
      all.add(Planet.onOrbit("asteroid " + i, 0, shape, angles));
    }
    return all;
  }

  private static float[] packed(List<Planet> all, boolean positions) {
    float[] packed = new float[all.size() * FLOATS_PER_BODY];
    for (int i = 0; i < all.size(); i++) {
      Planet body = all.get(i);
      for (int k = 0; k < 3; k++) {
        double[] vector = positions ? body.position() : body.velocity();
        packed[i * FLOATS_PER_BODY + k] = (float) vector[k];
      }
      packed[i * FLOATS_PER_BODY + 3] = positions ? (float) (body.mass() * Planet.GRAVITY) : 0;
    }
    return packed;
  }

  /** Watches how far the earth has come on its way around the sun. */
  private static final class Orbit {
    private final MemorySegment bodies;
    private double angle;
    private double travelled;
    private double lastDay;
    private Double yearDays;

    Orbit(MemorySegment bodies) {
      this.bodies = bodies;
      this.angle = angle();
    }

    private double angle() {
      long at = (long) EARTH * FLOATS_PER_BODY;
      double x = bodies.getAtIndex(JAVA_FLOAT, at) - bodies.getAtIndex(JAVA_FLOAT, 0);
      double y = bodies.getAtIndex(JAVA_FLOAT, at + 1) - bodies.getAtIndex(JAVA_FLOAT, 1);
      return Math.atan2(y, x);
    }

    void look(double day) {
      double turn = 2 * Math.PI;
      double now = angle();
      double step = (now - angle + 2 * turn) % turn;
      if (yearDays == null && travelled + step >= turn) {
        yearDays = lastDay + (day - lastDay) * (turn - travelled) / step;
      }
      travelled += step;
      angle = now;
      lastDay = day;
    }

    String text() {
      return yearDays != null
          ? String.format(Locale.ROOT, "the earth came round after %.2f days", yearDays)
          : String.format(
              Locale.ROOT, "the earth came %.1f degrees round", Math.toDegrees(travelled));
    }
  }
}
