package dev.gmem.agent;

import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import jdk.internal.foreign.GmGate;
import jdk.internal.foreign.GmMode;

/** Installs {@code GmGate} anew when its mode changes. Takes some milliseconds. */
final class GateInstaller implements GmMode.Installer {
  private final Instrumentation instrumentation;
  private final GateTransformer transformer;

  private GateInstaller(Instrumentation instrumentation, GateTransformer transformer) {
    this.instrumentation = instrumentation;
    this.transformer = transformer;
  }

  /** Makes this the way to change the mode. The gate's classes must have been defined. */
  static void register(Instrumentation instrumentation, GateTransformer transformer) {
    GmMode.setInstaller(new GateInstaller(instrumentation, transformer));
  }

  @Override
  public void install() {
    try {
      instrumentation.retransformClasses(GmGate.class);
    } catch (UnmodifiableClassException e) {
      throw new IllegalStateException("a class that was modifiable is not any more", e);
    }
    transformer.requireNoFailure();
  }
}
