package dev.gmem.core.engine;

import dev.gmem.DeviceLostException;
import dev.gmem.spi.GmStatus;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Whether a device is alive, lost, or gone; and what has been lost with it. It changes once: who
 * lets a device go, and who finds it lost, cannot both be right. Any thread may call any method,
 * with no monitor held if it may find the device lost.
 */
public final class Fate {
  private enum State {
    ALIVE,
    LOST,
    GONE
  }

  private final DeviceSlot slot;
  private final AtomicReference<State> state = new AtomicReference<>(State.ALIVE);
  private final LongAdder bytesLost = new LongAdder();
  private volatile Throwable cause;
  private volatile boolean saidSo;
  private volatile Consumer<DeviceSlot> heir = lost -> {};

  Fate(DeviceSlot slot) {
    this.slot = slot;
  }

  /**
   * Says who is to be told when the device is lost. Called before anybody uses it.
   *
   * @param whom called once, on the thread that finds it lost, which may have a claim
   */
  public void leaveTo(Consumer<DeviceSlot> whom) {
    heir = whom;
  }

  /**
   * Tells whether the device is lost.
   *
   * @return true once it is, for good
   */
  public boolean isLost() {
    return state.get() == State.LOST;
  }

  /**
   * Tells whether the device is not to be asked for anything: it is lost, or has said so when it
   * had already been emptied, so that nothing is lost with it.
   *
   * @return true if so
   */
  public boolean isBeyondCall() {
    return saidSo || isLost();
  }

  /**
   * The device is lost. Does nothing if it is already, or has been let go of.
   *
   * @param why what has happened, or null
   */
  public void lose(Throwable why) {
    if (state.get() == State.ALIVE) {
      cause = why; // of two at a time either will do
      if (state.compareAndSet(State.ALIVE, State.LOST)) {
        heir.accept(slot);
      }
    }
  }

  /**
   * The device holds nothing any more, and is let go of.
   *
   * @return false if it has been lost before
   */
  public boolean retire() {
    return state.compareAndSet(State.ALIVE, State.GONE);
  }

  /**
   * Refuses what needs the device.
   *
   * @throws DeviceLostException if it is lost
   */
  public void check() {
    if (isLost()) {
      throw exception(0, 0, cause);
    }
  }

  /**
   * Makes what those are told who needed the device.
   *
   * @param address first address concerned, or 0
   * @param bytes bytes concerned, or 0
   * @param reason what led to it; null for what the device has said
   * @return the exception
   */
  public DeviceLostException exception(long address, long bytes, Throwable reason) {
    return new DeviceLostException(
        "the device is lost, and does nothing any more; detach it, and go on with another one",
        slot.device().id(),
        address,
        bytes,
        reason == null ? cause : reason);
  }

  /** Asks the device for something, if it is alive; takes note if it says that it is lost. */
  Answer ask(Supplier<GmStatus> call) {
    return isBeyondCall() ? Answer.LOST : heard(Answer.to(call));
  }

  /** Takes note of an answer of the device. */
  Answer heard(Answer answer) {
    if (answer.status() == GmStatus.DEVICE_LOST) {
      saidSo = true;
      lose(answer.cause());
    }
    return answer;
  }

  /**
   * Makes a call of the device that comes to no status, and takes note if it says that it is lost.
   *
   * @param call the call
   * @param <T> what it returns
   * @return what it returns
   * @throws DeviceLostException if it says so, or is known to be
   */
  public <T> T hear(Supplier<T> call) {
    check();
    try {
      return call.get();
    } catch (RuntimeException e) {
      heard(Answer.thrown(e));
      if (isLost()) {
        throw exception(0, 0, e);
      }
      throw e;
    }
  }

  void countLost(long bytes) {
    bytesLost.add(bytes);
  }

  /**
   * Counts what only the device had.
   *
   * @return bytes
   */
  public long bytesLost() {
    return bytesLost.sum();
  }
}
