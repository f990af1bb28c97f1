package dev.gmem.agent;

import dev.gmem.agent.rewrite.JdkRewriter;
import dev.gmem.agent.rewrite.UnknownJdkException;
import java.lang.instrument.ClassFileTransformer;
import java.security.ProtectionDomain;

/**
 * Rewrites the three classes whenever the JVM asks, and no other. Stays registered: should another
 * agent have them transformed again, they are rewritten again.
 *
 * <p>The JVM ignores what a transformer throws; so a failure is kept, for the installation to look
 * at. After a failure nothing is rewritten any more.
 */
final class GateTransformer implements ClassFileTransformer {
  private volatile Throwable failure;
  private volatile boolean accessRewritten;
  private volatile boolean sessionRewritten;
  private volatile boolean threadRewritten;

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
      if (name.equals(JdkRewriter.THREAD_CLASS)) {
        byte[] rewritten = JdkRewriter.rewriteThread(classFile);
        threadRewritten = true;
        return rewritten;
      }
    } catch (RuntimeException | LinkageError e) {
      failure = e;
    }
    return null;
  }

  /** Throws unless all classes have been rewritten. */
  void requireDone() {
    if (failure instanceof UnknownJdkException unknown) {
      throw unknown;
    }
    if (failure != null || !accessRewritten || !sessionRewritten || !threadRewritten) {
      throw new IllegalStateException(
          "the JVM did not transform all of ScopedMemoryAccess, SharedSession and Thread", failure);
    }
  }
}
