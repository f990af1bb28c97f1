package jdk.internal.foreign;

import java.lang.ref.WeakReference;
import jdk.internal.access.SharedSecrets;
import jdk.internal.misc.CarrierThread;
import jdk.internal.misc.Unsafe;

/**
 * Keeps revocations from looking like interrupts.
 *
 * <p>When a handshake catches a platform thread in an access, the JVM sets the thread's interrupt
 * status, so that it leaves any wait. Mostly the thread is unwound, and makes the access again; but
 * some calls into the JVM, like those that ask for a compilation, return without a look at what has
 * been sent to the thread, and it goes on as if nothing had been. Nobody must notice either way. So
 * the rewritten {@code Thread} writes its status here, a note is kept of each interrupt that was
 * really sent, and a status without a note is set back.
 *
 * <p>Guarantees: an interrupt that was sent is never lost. After {@link #settle} has returned, no
 * thread has a status that the handshake before it set; a thread that was not unwound may see one
 * for as long as that takes. A thread whose interrupt the JVM has consumed inside of {@code
 * Object.wait} or {@code Thread.sleep} after {@link #prepare} may see it once more, if the
 * handshake catches it next.
 *
 * <p>Any thread may call any method. The lock is held for a walk along the notes.
 */
public final class GmInterrupts {
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();
  private static final long STATUS = UNSAFE.objectFieldOffset(Thread.class, "interrupted");
  private static final Object LOCK = new Object();

  /** The last note: whom interrupts were sent to that have not been consumed. Under the lock. */
  private static Note last;

  private GmInterrupts() {}

  private static final class Note extends WeakReference<Thread> {
    private Note previous;

    Note(Thread thread, Note previous) {
      super(thread);
      this.previous = previous;
    }
  }

  /**
   * Sets the interrupt status of a platform thread. Called by {@code Thread}, which did so itself.
   *
   * @param thread the thread
   * @param status true if an interrupt is sent, false if it is consumed
   */
  public static void set(Thread thread, boolean status) {
    synchronized (LOCK) {
      if (!status) {
        remove(thread);
      } else if (!noted(thread)) {
        last = new Note(thread, last);
      }
      UNSAFE.putBooleanVolatile(thread, STATUS, status);
    }
  }

  /** Makes notes of interrupts that were sent before {@code Thread} was rewritten. */
  public static void adopt() {
    for (Thread thread : SharedSecrets.getJavaLangAccess().getAllThreads()) {
      if (isSet(thread)) {
        set(thread, true);
      }
    }
  }

  /** Drops the notes of interrupts that have been consumed. To be called before a handshake. */
  static void prepare() {
    synchronized (LOCK) {
      remove(null);
    }
  }

  /**
   * Sets back what a handshake has set. Accesses that were caught and not unwound are under way.
   *
   * @return false if there are certainly none in platform threads
   */
  static boolean settle() {
    boolean caught = false;
    for (Thread thread : SharedSecrets.getJavaLangAccess().getAllThreads()) {
      caught |= isSet(thread) && !(thread instanceof CarrierThread) && restore(thread);
    }
    return caught;
  }

  /** Tells whether virtual threads may be running: a handshake that catches one shows nowhere. */
  static boolean areVirtualThreadsCarried() {
    for (Thread thread : SharedSecrets.getJavaLangAccess().getAllThreads()) {
      if (thread instanceof CarrierThread) {
        return true;
      }
    }
    return false;
  }

  /** Sets back the status of the current thread, which a handshake has unwound. */
  static void restore() {
    Thread thread = Thread.currentThread();
    if (thread.isVirtual()) {
      restoreCarrier(thread);
    } else {
      restore(thread);
    }
  }

  private static boolean restore(Thread thread) {
    synchronized (LOCK) {
      boolean madeUp = isSet(thread) && !noted(thread);
      if (madeUp) {
        UNSAFE.putBooleanVolatile(thread, STATUS, false);
      }
      return madeUp;
    }
  }

  /** The status of a virtual thread is the truth, and that of its carrier follows it. */
  private static void restoreCarrier(Thread virtual) {
    Thread carrier = SharedSecrets.getJavaLangAccess().currentCarrierThread();
    if (!virtual.isInterrupted()) {
      UNSAFE.putBooleanVolatile(carrier, STATUS, false);
      if (virtual.isInterrupted()) {
        UNSAFE.putBooleanVolatile(carrier, STATUS, true);
      }
    }
  }

  private static boolean isSet(Thread thread) {
    return UNSAFE.getBooleanVolatile(thread, STATUS);
  }

  private static boolean noted(Thread thread) {
    Note note = last;
    while (note != null && !note.refersTo(thread)) {
      note = note.previous;
    }
    return note != null;
  }

  /** Removes the note of a thread, and those of threads that are not interrupted any more. */
  private static void remove(Thread gone) {
    Note next = null;
    for (Note note = last; note != null; note = note.previous) {
      Thread thread = note.get();
      if (thread != null && thread != gone && isSet(thread) && thread.isAlive()) {
        next = note;
      } else if (next == null) {
        last = note.previous;
      } else {
        next.previous = note.previous;
      }
    }
  }
}
