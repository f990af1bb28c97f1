package dev.gmem.bench.javakernel;

import dev.gmem.NdRange;
import dev.gmem.bench.opencl.OpenClRig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A program that times the first launch of a kernel in its JVM. */
final class FirstLaunch {
  /** What is launched, and before what. */
  enum Kind {
    /** The OpenCL C, before anything else. */
    TWIN(false),
    /** The Java class, before anything else. */
    JAVA(false),
    /** The Java class, after a kernel in OpenCL C. */
    JAVA_AFTER_OPENCL(true);

    private final boolean afterOpenCl;

    Kind(boolean afterOpenCl) {
      this.afterOpenCl = afterOpenCl;
    }
  }

  private static final String OTHER = "__kernel void other(__global int *x) { x[0] = 1; }";

  private FirstLaunch() {}

  /**
   * Runs one.
   *
   * @param args the kernel's name, the kind, and a file for the nanoseconds
   * @throws IOException if the file cannot be written
   */
  public static void main(String[] args) throws IOException {
    try (OpenClRig rig = new OpenClRig(OpenClRig.DISCRETE)) {
      SampleKernels.Step step =
          new SampleKernels(rig::unified)
              .all().stream()
                  .flatMap(sample -> sample.steps().stream())
                  .filter(s -> s.name().equals(args[0]))
                  .findFirst()
                  .orElseThrow();
      Kind kind = Kind.valueOf(args[1]);
      if (kind.afterOpenCl) {
        rig.kernel(OTHER, "other").launch(NdRange.of(1), rig.unified(Integer.BYTES)).join();
      }
      long start = System.nanoTime();
      if (kind == Kind.TWIN) {
        launch(step, rig.kernel(step.source(), step.name()));
      } else {
        launch(step, step.javaOn(rig));
      }
      long nanos = System.nanoTime() - start;
      Files.writeString(Path.of(args[2]), Long.toString(nanos));
    }
    System.exit(0); // whatever threads a device may have left
  }

  private static void launch(SampleKernels.Step step, dev.gmem.Kernel kernel) {
    kernel.launch(step.range(), step.arguments().toArray()).join();
  }
}
