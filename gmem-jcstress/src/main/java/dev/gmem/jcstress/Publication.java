package dev.gmem.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** Who sees the flag sees what was written before it, wherever the page has been meanwhile. */
@JCStressTest
@Outcome(id = "0, 0", expect = Expect.ACCEPTABLE, desc = "Nothing seen yet.")
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "Written, not yet published.")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "Published.")
@Outcome(id = "1, 0", expect = Expect.FORBIDDEN, desc = "The flag came before the data.")
@State
public class Publication {
  private final long flag = Migrating.pair();
  private final long data = flag + 1;

  /** Writes the data, then the flag. */
  @Actor
  public void publish() {
    Migrating.WORD.set(Migrating.WORDS, 0L, data, 1L);
    Migrating.WORD.setRelease(Migrating.WORDS, 0L, flag, 1L);
  }

  /**
   * Reads the flag, then the data.
   *
   * @param result what was read
   */
  @Actor
  public void observe(JJ_Result result) {
    result.r1 = (long) Migrating.WORD.getAcquire(Migrating.WORDS, 0L, flag);
    result.r2 = (long) Migrating.WORD.get(Migrating.WORDS, 0L, data);
  }
}
