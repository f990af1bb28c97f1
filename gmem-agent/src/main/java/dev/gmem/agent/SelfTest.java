package dev.gmem.agent;

import jdk.internal.foreign.GmGateHandler;
import jdk.internal.foreign.GmMode;
import jdk.internal.foreign.GmRegion;
import jdk.internal.foreign.MemorySessionImpl;
import jdk.internal.misc.ScopedMemoryAccess;
import jdk.internal.misc.Unsafe;

/**
 * Proves that the gate works in this JVM: each kind of access to gated memory must reach the
 * handler. An agent that is attached and does nothing would lose data in silence.
 *
 * <p>Takes some milliseconds: both forms of the gate's code are installed once.
 */
final class SelfTest {
  private static final Unsafe UNSAFE = Unsafe.getUnsafe();
  private static final ScopedMemoryAccess ACCESS = ScopedMemoryAccess.getScopedMemoryAccess();
  private static final int BYTES = 64;
  private static final int UNIT_BYTES = 16; // allocated memory is aligned to this
  private static final int VALUE = 42;

  private final long address = UNSAFE.allocateMemory(BYTES);
  private final Probe probe = new Probe();
  private final GmRegion region = GmRegion.create(address, BYTES, probe);
  private final MemorySessionImpl session = region.session();

  private SelfTest() {}

  /**
   * Makes one access of each kind.
   *
   * @throws IllegalStateException if one does not do what it must; the message names the likely
   *     cause
   */
  static void run() {
    new SelfTest().test();
  }

  private void test() {
    try {
      gate();
      expect("a read", ACCESS.getInt(session, null, address) == VALUE, 1);
      gate();
      ACCESS.putInt(session, null, address, VALUE + 1);
      expect("a write", UNSAFE.getInt(address) == VALUE + 1, 2);
      gate();
      int old = ACCESS.getAndAddInt(session, null, address, 1);
      expect("an update", old == VALUE && UNSAFE.getInt(address) == VALUE + 1, 3);
      gate();
      ACCESS.setMemory(session, null, address, BYTES, (byte) 1);
      expect("a fill", UNSAFE.getInt(address) == 0x0101_0101, 4);
      gate();
      session.acquire0();
      session.release0();
      if (probe.pins != 1) {
        throw failure("a pin did not reach the gate");
      }
      gate();
      GmMode.trust();
      expect("a trusting read", ACCESS.getInt(session, null, address) == VALUE, 5);
      gate();
    } finally {
      region.close();
      UNSAFE.freeMemory(address);
      GmMode.trust();
    }
  }

  private void gate() {
    probe.home = false;
    if (region.tighten(false) != 0) {
      throw failure("a pin was not given back");
    }
    region.quiesce();
  }

  private void expect(String access, boolean right, int faults) {
    if (!right || probe.faults != faults) {
      throw failure(
          access
              + " did not reach the gate (faults="
              + probe.faults
              + ", expected="
              + faults
              + ")");
    }
  }

  private static IllegalStateException failure(String what) {
    return new IllegalStateException(
        "its self-test failed: "
            + what
            + "; another agent may have undone the change of ScopedMemoryAccess");
  }

  /** One value that is elsewhere until it is asked for. */
  private final class Probe implements GmGateHandler {
    private boolean home;
    private int faults;
    private int pins;

    @Override
    public boolean admits(long from, long bytes, boolean write) {
      return home;
    }

    @Override
    public long granuleBytes() {
      return UNIT_BYTES;
    }

    @Override
    public void fault(long from, long bytes, boolean write) {
      faults++;
      UNSAFE.putInt(address, VALUE);
      home = true;
    }

    @Override
    public void pin() {
      pins++;
      region.openPinned();
    }
  }
}
