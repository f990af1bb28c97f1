package dev.gmem.agent;

import dev.gmem.GmemUnavailableException;
import dev.gmem.agent.rewrite.UnknownJdkException;
import dev.gmem.core.host.HostPlatform;
import java.io.IOException;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import jdk.internal.access.SharedSecrets;
import jdk.internal.foreign.GmCounters;
import jdk.internal.foreign.GmMode;
import jdk.internal.misc.ScopedMemoryAccess;
import jdk.internal.misc.Unsafe;

/**
 * Puts the gate into this JVM. Either all of it is there afterwards and has proved to work, or
 * nothing is, and an exception says why.
 */
final class Installation implements Supplier<HostPlatform> {
  private static final String GATE_FILES = "META-INF/gmem/gate/jdk/internal/foreign/";
  private static final String[] GATE_CLASSES = {
    "GmGateWord",
    "GmGateHandler",
    "GmCounters",
    "GmFence",
    "GmInFlight",
    "GmInFlight$Patience",
    "GmMode$Installer",
    "GmMode",
    "GmRegion",
    "GmGate",
    "GmSeat",
    "GmSeated",
    "GmBulk",
    "GmVector",
  };

  private final Instrumentation instrumentation;
  private final GateTransformer transformer = new GateTransformer();
  private final AgentOptions options;
  private Class<?>[] rewritten;
  private Class<?>[] profiled;
  private Healer healer;
  private AgentCounters atInstall;

  /** What the core gets, once all is done. Guarded by this object, like the rest. */
  private HostPlatform platform;

  private Installation(AgentOptions options, Instrumentation instrumentation) {
    this.options = options;
    this.instrumentation = instrumentation;
  }

  /**
   * Makes sure that the JVM lets the agent change classes. Changes none.
   *
   * @throws GmemUnavailableException if it does not; the message is one sentence
   */
  static Installation of(AgentOptions options, Instrumentation instrumentation) {
    if (!instrumentation.isRetransformClassesSupported()) {
      throw new GmemUnavailableException(
          "The GMEM agent has to change classes of the JDK: the manifest of the jar that names it"
              + " needs Can-Retransform-Classes: true");
    }
    return new Installation(options, instrumentation);
  }

  /**
   * Returns the platform; the first call installs the gate.
   *
   * @throws GmemUnavailableException if that fails; the message is one sentence
   */
  @Override
  public synchronized HostPlatform get() {
    if (platform == null) {
      try {
        long start = System.nanoTime();
        openJavaBase();
        defineGate();
        platform = rewrite();
        if (options.log()) {
          long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
          System.err.println("gmem: memory access can fault from now on (" + millis + " ms)");
        }
      } catch (GmemUnavailableException e) {
        throw e;
      } catch (UnknownJdkException e) {
        throw new GmemUnavailableException(e.getMessage(), e);
      } catch (IOException
          | ClassNotFoundException
          | UnmodifiableClassException
          | RuntimeException
          | LinkageError e) {
        throw new GmemUnavailableException("The GMEM agent could not be installed: " + e, e);
      }
    }
    return platform;
  }

  private void openJavaBase() {
    Module base = Object.class.getModule();
    Set<Module> me = Set.of(Installation.class.getModule());
    Map<String, Set<Module>> exports = new HashMap<>();
    exports.put("jdk.internal.access", me);
    exports.put("jdk.internal.foreign", me);
    exports.put("jdk.internal.misc", me);
    exports.put("jdk.internal.vm", me);
    instrumentation.redefineModule(base, Set.of(), exports, Map.of(), Set.of(), Map.of());
  }

  private void defineGate() throws IOException, ClassNotFoundException {
    Class<?>[] gate = new Class<?>[GATE_CLASSES.length];
    try (OwnFiles files = OwnFiles.open()) {
      for (int i = 0; i < gate.length; i++) {
        gate[i] = gateClass(GATE_CLASSES[i], files);
      }
    }
    for (Class<?> defined : gate) {
      // Now, and not in whatever thread comes first, with whatever is left of its stack.
      Unsafe.getUnsafe().ensureClassInitialized(defined);
    }
    if (GmMode.isTaken()) {
      throw new GmemUnavailableException(
          "Another copy of the GMEM agent, from another class loader, is installed in this JVM");
    }
    Class<?> access = ScopedMemoryAccess.class;
    Class<?> session = Class.forName("jdk.internal.foreign.SharedSession");
    rewritten = new Class<?>[] {access, session};
    profiled = new Class<?>[gate.length + 1];
    System.arraycopy(gate, 0, profiled, 0, gate.length);
    profiled[gate.length] = access;
  }

  private static Class<?> gateClass(String name, OwnFiles files) throws IOException {
    try {
      // There after an attachment that was refused.
      return Class.forName("jdk.internal.foreign." + name, false, null);
    } catch (ClassNotFoundException e) {
      byte[] file = files.read(GATE_FILES + name + ".class");
      return Unsafe.getUnsafe().defineClass(null, file, 0, file.length, null, null);
    }
  }

  private HostPlatform rewrite() throws UnmodifiableClassException {
    instrumentation.addTransformer(transformer, true);
    GateInstaller.register(instrumentation, transformer);
    boolean done = false;
    try {
      instrumentation.retransformClasses(rewritten);
      transformer.requireDone();
      SelfTest.run();
      atInstall = totals();
      healer = new Healer(options, instrumentation, profiled);
      // For this module's foreign calls, and for the drivers that devices load. There is no finer
      // grain: all unnamed modules share the permission.
      SharedSecrets.getJavaLangAccess().addEnableNativeAccessToAllUnnamed();
      done = true;
      return new JdkHostPlatform(healer, atInstall.waits());
    } finally {
      if (!done) {
        GmMode.setInstaller(null);
        instrumentation.removeTransformer(transformer);
        instrumentation.retransformClasses(rewritten); // back to what they were
      }
    }
  }

  synchronized AgentCounters counters() {
    if (platform == null) {
      return new AgentCounters(0, 0, 0, 0, 0);
    }
    AgentCounters now = totals();
    return new AgentCounters(
        now.slowCalls() - atInstall.slowCalls(),
        now.faults() - atInstall.faults(),
        now.waits() - atInstall.waits(),
        now.revocations() - atInstall.revocations(),
        healer.heals());
  }

  private static AgentCounters totals() {
    return new AgentCounters(
        GmCounters.sum(GmCounters.SLOW_CALLS),
        GmCounters.sum(GmCounters.FAULTS),
        GmCounters.sum(GmCounters.WAITS),
        GmCounters.sum(GmCounters.REVOCATIONS),
        0);
  }
}
