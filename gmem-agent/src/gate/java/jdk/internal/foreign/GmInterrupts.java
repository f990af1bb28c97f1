package jdk.internal.foreign;

import java.util.Map;
import java.util.WeakHashMap;
import jdk.internal.access.SharedSecrets;
import jdk.internal.misc.Unsafe;

/**
 * Keeps revocations from looking like interrupts.
 *
 * <p>When the handshake throws an error into a thread, the JVM also sets the thread's interrupt
 * status, so that it leaves a wait. The access is made again and nobody must notice; so the status
 * has to go back to what it was, without losing an interrupt that somebody really sent. The JVM
 * does not say which it was. Therefore the rewritten {@code Thread.interrupt} leaves a note before
 * it sets the status, and {@code Thread.interrupted} takes it away.
 *
 * <p>Guarantees: an interrupt that was sent is never lost. A thread that was sent none sees none. A
 * thread that has consumed an interrupt in {@code Object.wait} or {@code Thread.sleep}, which the
 * JVM does without a trace, may see it once more if a revocation catches it later.
 *
 * <p>Any thread may call any method. The lock is held for one look into a map.
 */
public final class GmInterrupts {
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();
  private static final long STATUS = UNSAFE.objectFieldOffset(Thread.class, "interrupted");
  private static final Map<Thread, Boolean> NOTES = new WeakHashMap<>();
  private static volatile boolean anyNotes;

  private GmInterrupts() {}

  /**
   * A platform thread is about to be interrupted. Called first by {@code Thread.interrupt}.
   *
   * @param thread the thread
   */
  public static void note(Thread thread) {
    synchronized (NOTES) {
      NOTES.put(thread, Boolean.TRUE);
      anyNotes = true;
    }
  }

  /**
   * A platform thread consumes its interrupt. Called first by {@code Thread.getAndClearInterrupt}.
   *
   * @param thread the thread
   */
  public static void forget(Thread thread) {
    if (anyNotes) {
      remove(thread);
    }
  }

  /**
   * Takes back the interrupt status that the JVM set when it unwound an access of this thread.
   *
   * <p>The status is cleared before the notes are looked at: an interrupt sent in between has left
   * its note already, or sets the status afterwards.
   */
  static void undo() {
    Thread thread = Thread.currentThread();
    if (thread.isVirtual()) {
      undoOnCarrier(thread);
      return;
    }
    UNSAFE.putBooleanVolatile(thread, STATUS, false);
    if (anyNotes && remove(thread)) {
      thread.interrupt();
    }
  }

  /** The JVM set the status of the carrier; that of the virtual thread is the truth. */
  private static void undoOnCarrier(Thread virtual) {
    Thread carrier = SharedSecrets.getJavaLangAccess().currentCarrierThread();
    if (!virtual.isInterrupted()) {
      UNSAFE.putBooleanVolatile(carrier, STATUS, false);
      if (virtual.isInterrupted()) {
        UNSAFE.putBooleanVolatile(carrier, STATUS, true);
      }
    }
  }

  private static boolean remove(Thread thread) {
    synchronized (NOTES) {
      boolean noted = NOTES.remove(thread) != null;
      anyNotes = !NOTES.isEmpty();
      return noted;
    }
  }
}
