package jdk.internal.foreign;

import java.util.Iterator;
import jdk.internal.access.SharedSecrets;
import jdk.internal.misc.CarrierThread;
import jdk.internal.misc.ScopedMemoryAccess;
import jdk.internal.misc.Unsafe;
import jdk.internal.vm.ThreadContainer;
import jdk.internal.vm.ThreadContainers;

/**
 * Whether accesses may trust a look at the gate for long.
 *
 * <p>Compiled code looks at a gate before a loop, not in each round; that is what makes memory
 * whose gate is open as fast as any other. Nothing takes such a look back: a handshake finds a
 * thread where it stops for it, and a thread that stops in the middle of an allocation goes on with
 * what it has seen, for as long as the loop lasts. So there are two modes, and two forms of {@link
 * GmGate}'s code:
 *
 * <ul>
 *   <li><em>trusting</em>: a gate is looked at wherever the compiler likes. No gate is tightened,
 *       but for those who {@linkplain GmRegion#tightenLazily come later}.
 *   <li><em>careful</em>: each access to unified memory takes a seat, and looks at the gate there.
 *       Gates are tightened at will.
 * </ul>
 *
 * <p>The mode changes by installing {@code GmGate} anew. The JVM throws away all code that was
 * compiled from the old form, and turns what threads have of it on their stacks into interpreted
 * frames. Whoever is between a trusting look and its access is waited for.
 *
 * <p>Any thread may call any method.
 */
public final class GmMode {
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();

  /** The class of virtual threads, and where they keep the thread that carries them. */
  private static final Class<?> VIRTUAL = virtualThreadClass();

  private static final long CARRIER = UNSAFE.objectFieldOffset(VIRTUAL, "carrierThread");
  private static final String ACCESS_CLASS = ScopedMemoryAccess.class.getName();

  /** Frames of {@code Unsafe} and the vector support that may lie above a {@code @Scoped} one. */
  private static final int FRAMES_SEARCHED = 32;

  private static final int WAIT_NANOS = 20_000;

  /**
   * Whether all virtual threads can be found. If not, a switch to careful could miss one, and so
   * there is none: accesses are careful from the beginning.
   */
  private static final boolean THREADS_ARE_KNOWN = ThreadContainers.trackAllThreads();

  /** Written with the class locked. */
  private static volatile boolean careful;

  /** With the class locked. */
  private static Installer installer;

  private GmMode() {}

  private static Class<?> virtualThreadClass() {
    try {
      return Class.forName("java.lang.VirtualThread", false, null);
    } catch (ClassNotFoundException e) {
      throw new NoClassDefFoundError(e.getMessage());
    }
  }

  /** Installs the code of {@code GmGate} in the form that {@link #isCareful} says. */
  public interface Installer {
    /** Returns when no thread runs, or can begin to run, compiled code of the other form. */
    void install();
  }

  /**
   * Says how to change the mode.
   *
   * @param how called with a lock held, by whatever thread takes memory away; null for nobody
   */
  public static synchronized void setInstaller(Installer how) {
    installer = how;
  }

  /**
   * Tells whether somebody has said how to change the mode.
   *
   * @return true if an agent is installed, or about to be
   */
  public static synchronized boolean isTaken() {
    return installer != null;
  }

  /**
   * Returns the mode for which code is to be installed. Takes no lock: the JVM asks for code with
   * locks of its own held, which whoever changes the mode waits for.
   *
   * @return false if no gate may be tightened
   */
  public static boolean isCareful() {
    return careful;
  }

  /**
   * Makes accesses trusting again, where they may be. Gates that are tight stay so. Called when the
   * gate has been installed, too: before that nothing is unified, and everybody may trust.
   */
  public static synchronized void trust() {
    if (!THREADS_ARE_KNOWN) {
      return;
    }
    careful = false;
    boolean done = false;
    try {
      installer.install();
      done = true;
    } finally {
      careful = !done;
    }
  }

  /** Makes accesses careful. To be called with the class locked, and with it what depends on it. */
  static void beCareful() {
    if (careful || GmRegion.TRUST_ALL) {
      return;
    }
    careful = true;
    boolean done = false;
    try {
      installer.install();
      awaitAll();
      done = true;
    } finally {
      careful = done;
    }
  }

  /** Waits until each thread has been seen outside of the methods that look and access. */
  private static void awaitAll() {
    boolean carriers = false;
    for (Thread thread : SharedSecrets.getJavaLangAccess().getAllThreads()) {
      carriers |= thread instanceof CarrierThread;
      await(thread);
    }
    if (carriers) {
      awaitMounted(ThreadContainers.root());
    }
  }

  /** Waits for the virtual threads of a container and of those in it that have a carrier. */
  private static void awaitMounted(ThreadContainer container) {
    for (Iterator<Thread> threads = container.threads().iterator(); threads.hasNext(); ) {
      Thread thread = threads.next();
      // One that is mounted from now on runs code of the new form.
      if (VIRTUAL.isInstance(thread) && UNSAFE.getReferenceVolatile(thread, CARRIER) != null) {
        await(thread);
      }
    }
    var containers = container.children().iterator();
    while (containers.hasNext()) {
      awaitMounted(containers.next());
    }
  }

  private static void await(Thread thread) {
    while (thread != Thread.currentThread() && isInside(thread)) {
      UNSAFE.park(false, WAIT_NANOS); // a virtual thread must not unmount: it holds the lock
    }
  }

  private static boolean isInside(Thread thread) {
    StackTraceElement[] trace = thread.getStackTrace();
    for (int i = 0; i < Math.min(trace.length, FRAMES_SEARCHED); i++) {
      if (trace[i].getClassName().equals(ACCESS_CLASS)
          && trace[i].getMethodName().endsWith("Internal")) {
        return true;
      }
    }
    return false;
  }
}
