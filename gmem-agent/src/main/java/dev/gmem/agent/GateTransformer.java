package dev.gmem.agent;

import dev.gmem.agent.rewrite.JdkRewriter;
import dev.gmem.agent.rewrite.UnknownJdkException;
import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;
import jdk.internal.foreign.GmMode;

/**
 * Rewrites two classes of the JDK, and gives the agent's own {@code GmGate} the form that its mode
 * asks for, whenever the JVM asks. Stays registered: should another agent have them transformed
 * again, they are rewritten again.
 *
 * <p>The JVM ignores what a transformer throws; so a failure is kept, for the installation to look
 * at. After a failure nothing is rewritten any more.
 */
final class GateTransformer implements ClassFileTransformer {
  private volatile Throwable failure;
  private volatile boolean accessRewritten;
  private volatile boolean sessionRewritten;

  @Override
  public byte[] transform(
      Module module,
      ClassLoader loader,
      String name,
      Class<?> loaded,
      ProtectionDomain domain,
      byte[] classFile) {
    if (loader != null || name == null || failure != null) {
      return null;
    }
    try {
      if (name.equals(JdkRewriter.ACCESS_CLASS)) {
        byte[] rewritten = JdkRewriter.rewriteAccess(classFile);
        accessRewritten = true;
        return rewritten;
      }
      if (name.equals(JdkRewriter.SESSION_CLASS)) {
        byte[] rewritten = JdkRewriter.rewriteSession(classFile);
        sessionRewritten = true;
        return rewritten;
      }
      if (name.equals(JdkRewriter.GATE_CLASS)) {
        return GmMode.isCareful() ? JdkRewriter.rewriteGate(classFile) : null;
      }
    } catch (RuntimeException | LinkageError e) {
      failure = e;
    }
    return null;
  }

  /** Throws if a class could not be rewritten. */
  void requireNoFailure() {
    if (failure != null) {
      throw new IllegalStateException("a class could not be rewritten", failure);
    }
  }

  /** Throws unless all classes have been rewritten. */
  void requireDone() {
    if (failure instanceof UnknownJdkException unknown) {
      throw unknown;
    }
    requireNoFailure();
    if (!accessRewritten || !sessionRewritten) {
      throw new IllegalStateException(
          "the JVM did not transform both of ScopedMemoryAccess and SharedSession");
    }
  }
}
