package dev.gmem.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.JJ_Result;

/** Volatile writes come before the volatile reads that follow them. */
@JCStressTest
@Outcome(id = "0, 1", expect = Expect.ACCEPTABLE, desc = "The first was first.")
@Outcome(id = "1, 0", expect = Expect.ACCEPTABLE, desc = "The second was first.")
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "Both wrote, then both read.")
@Outcome(id = "0, 0", expect = Expect.FORBIDDEN, desc = "A read overtook a write.")
@State
public class StoreBuffering {
  private final long one = Migrating.pair();
  private final long two = one + 1;

  /**
   * Writes one word, reads the other.
   *
   * @param result what was read
   */
  @Actor
  public void first(JJ_Result result) {
    Migrating.WORD.setVolatile(Migrating.WORDS, 0L, one, 1L);
    result.r1 = (long) Migrating.WORD.getVolatile(Migrating.WORDS, 0L, two);
  }

  /**
   * Writes the other word, reads the one.
   *
   * @param result what was read
   */
  @Actor
  public void second(JJ_Result result) {
    Migrating.WORD.setVolatile(Migrating.WORDS, 0L, two, 1L);
    result.r2 = (long) Migrating.WORD.getVolatile(Migrating.WORDS, 0L, one);
  }
}
