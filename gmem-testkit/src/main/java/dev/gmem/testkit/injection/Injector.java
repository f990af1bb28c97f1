package dev.gmem.testkit.injection;

import dev.gmem.spi.GmStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The injections in force for one device: counts its calls, says which of them are disturbed, and
 * keeps a log of what it did.
 *
 * <p>{@link InjectedDevice} has one. A device made for tests may ask one itself, by {@link
 * #disturb}, at the beginning of each of its calls.
 *
 * <p>Threads: any.
 */
public final class Injector {
  private static final Injection DEATH = Injection.on(SpiCall.ATTACH).dying();

  /** An injection, and how many of the calls it considers have come. */
  private record Armed(Injection injection, AtomicLong occurrences) {}

  private final CopyOnWriteArrayList<Armed> armed = new CopyOnWriteArrayList<>();
  private final AtomicLongArray calls = new AtomicLongArray(SpiCall.values().length);
  private final List<InjectedCall> log = new ArrayList<>();
  private volatile boolean paused;
  private volatile boolean dead;

  /** Makes one that disturbs nothing yet. */
  public Injector() {}

  /**
   * Puts injections in force.
   *
   * @param injections some; each begins to count now
   */
  public void inject(Injection... injections) {
    for (Injection injection : injections) {
      armed.add(new Armed(injection, new AtomicLong()));
    }
  }

  /** Removes all injections. Calls that stall go on doing so until their {@link Stall} releases. */
  public void clear() {
    armed.clear();
  }

  /** Disturbs nothing until {@link #resume}. Meanwhile injections do not count; the rest does. */
  public void pause() {
    paused = true;
  }

  /** Ends a pause. */
  public void resume() {
    paused = false;
  }

  /**
   * Counts the calls of a kind, disturbed or not.
   *
   * @param call the kind
   * @return how many have come so far
   */
  public long calls(SpiCall call) {
    return calls.get(call.ordinal());
  }

  /**
   * Tells what has been injected.
   *
   * @return a snapshot, in the order in which it was decided
   */
  public List<InjectedCall> log() {
    synchronized (log) {
      return List.copyOf(log);
    }
  }

  /**
   * Counts a call and carries out what is injected before it begins: stalls on the caller's thread,
   * then throws or names a status.
   *
   * @param event the call
   * @return what the call is to come to without doing anything; empty if it is to go on
   */
  public Optional<GmStatus> disturb(SpiEvent event) {
    return Optional.ofNullable(judge(event).carryOut(false));
  }

  /**
   * Lets the device be lost: from now on, whatever is paused or cleared, each call that it has to
   * do something for comes to {@link GmStatus#DEVICE_LOST}. It does not say so by itself; {@link
   * InjectedDevice#die} does.
   */
  public void die() {
    dead = true;
  }

  /**
   * Tells whether the device is lost.
   *
   * @return true once it is, for good
   */
  public boolean isDead() {
    return dead;
  }

  /** Counts a call and decides about it. */
  Verdict judge(SpiEvent event) {
    calls.incrementAndGet(event.call().ordinal());
    if (dead) {
      return event.call().outlivesDevice()
          ? Verdict.UNDISTURBED
          : record(new Verdict(event, List.of(new Verdict.Sentence(DEATH, 1))));
    }
    if (paused || armed.isEmpty()) {
      return Verdict.UNDISTURBED;
    }
    List<Verdict.Sentence> sentences = new ArrayList<>();
    for (Armed each : armed) {
      if (each.injection().considers(event)) {
        long occurrence = each.occurrences().incrementAndGet();
        if (each.injection().disturbs(occurrence)) {
          sentences.add(new Verdict.Sentence(each.injection(), occurrence));
          dead |= each.injection().effect() instanceof Injection.Effect.Die;
        }
      }
    }
    return sentences.isEmpty() ? Verdict.UNDISTURBED : record(new Verdict(event, sentences));
  }

  private Verdict record(Verdict verdict) {
    synchronized (log) {
      for (Verdict.Sentence sentence : verdict.effective()) {
        log.add(
            new InjectedCall(
                log.size() + 1, verdict.event(), sentence.occurrence(), sentence.description()));
      }
    }
    return verdict;
  }
}
