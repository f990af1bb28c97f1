package dev.gmem.agent;

import dev.gmem.GmemUnavailableException;
import dev.gmem.agent.rewrite.UnknownJdkException;
import dev.gmem.core.host.HostPlatforms;
import java.io.IOException;
import java.io.InputStream;
import java.lang.instrument.Instrumentation;
import java.lang.instrument.UnmodifiableClassException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import jdk.internal.access.SharedSecrets;
import jdk.internal.foreign.GmCounters;
import jdk.internal.misc.ScopedMemoryAccess;
import jdk.internal.misc.Unsafe;

/**
 * Puts the gate into this JVM. Either all of it is there afterwards and has proved to work, or
 * nothing is, and an exception says why.
 */
final class Installation {
  private static final String GATE_RESOURCES = "/META-INF/gmem/gate/jdk/internal/foreign/";
  private static final String[] GATE_CLASSES = {
    "GmInterrupts",
    "GmGateWord",
    "GmGateHandler",
    "GmCounters",
    "GmInFlight",
    "GmRegion",
    "GmGate",
    "GmOnce",
    "GmBulk",
  };

  private final Instrumentation instrumentation;
  private final GateTransformer transformer = new GateTransformer();
  private final AgentOptions options;
  private Class<?>[] rewritten;
  private Class<?>[] profiled;
  private Healer healer;
  private AgentCounters atInstall;

  private Installation(AgentOptions options, Instrumentation instrumentation) {
    this.options = options;
    this.instrumentation = instrumentation;
  }

  /**
   * Installs the gate, and offers it to the core.
   *
   * @throws GmemUnavailableException if it cannot; the message is one sentence
   */
  static Installation install(AgentOptions options, Instrumentation instrumentation) {
    Installation installation = new Installation(options, instrumentation);
    try {
      installation.openJavaBase();
      installation.defineGate();
      installation.rewrite();
    } catch (UnknownJdkException e) {
      throw new GmemUnavailableException(e.getMessage(), e);
    } catch (IOException
        | ClassNotFoundException
        | UnmodifiableClassException
        | RuntimeException
        | LinkageError e) {
      throw new GmemUnavailableException("The GMEM agent could not be installed: " + e, e);
    }
    return installation;
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
    for (int i = 0; i < gate.length; i++) {
      gate[i] = gateClass(GATE_CLASSES[i]);
    }
    Class<?> access = ScopedMemoryAccess.class;
    Class<?> session = Class.forName("jdk.internal.foreign.SharedSession");
    rewritten = new Class<?>[] {access, session, Thread.class};
    profiled = new Class<?>[gate.length + 1];
    System.arraycopy(gate, 0, profiled, 0, gate.length);
    profiled[gate.length] = access;
  }

  private static Class<?> gateClass(String name) throws IOException {
    try {
      // There after an attachment that was refused.
      return Class.forName("jdk.internal.foreign." + name, false, null);
    } catch (ClassNotFoundException e) {
      String resource = GATE_RESOURCES + name + ".class";
      try (InputStream in = Installation.class.getResourceAsStream(resource)) {
        if (in == null) {
          throw new IOException("the agent's jar lacks " + resource);
        }
        byte[] file = in.readAllBytes();
        return Unsafe.getUnsafe().defineClass(null, file, 0, file.length, null, null);
      }
    }
  }

  private void rewrite() throws UnmodifiableClassException {
    instrumentation.addTransformer(transformer, true);
    boolean done = false;
    try {
      instrumentation.retransformClasses(rewritten);
      transformer.requireDone();
      SelfTest.run();
      atInstall = totals();
      healer = new Healer(options, this::heal);
      HostPlatforms.install(new JdkHostPlatform(healer, atInstall.retries()));
      // For this module's foreign calls, and for the drivers that devices load. There is no finer
      // grain: all unnamed modules share the permission.
      SharedSecrets.getJavaLangAccess().addEnableNativeAccessToAllUnnamed();
      done = true;
    } finally {
      if (!done) {
        instrumentation.removeTransformer(transformer);
        instrumentation.retransformClasses(rewritten); // back to what they were
      }
    }
  }

  /** Installs the same code once more, which drops its profiles and what was compiled from them. */
  private void heal() {
    try {
      instrumentation.retransformClasses(profiled);
    } catch (UnmodifiableClassException e) {
      throw new IllegalStateException("a class that was modifiable is not any more", e);
    }
  }

  AgentCounters counters() {
    AgentCounters now = totals();
    return new AgentCounters(
        now.slowCalls() - atInstall.slowCalls(),
        now.faults() - atInstall.faults(),
        now.retries() - atInstall.retries(),
        now.handshakes() - atInstall.handshakes(),
        healer.heals());
  }

  private static AgentCounters totals() {
    return new AgentCounters(
        GmCounters.sum(GmCounters.SLOW_CALLS),
        GmCounters.sum(GmCounters.FAULTS),
        GmCounters.sum(GmCounters.RETRIES),
        GmCounters.sum(GmCounters.HANDSHAKES),
        0);
  }
}
