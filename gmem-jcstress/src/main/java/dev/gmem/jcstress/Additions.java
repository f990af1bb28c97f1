package dev.gmem.jcstress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.J_Result;

/** An addition happens exactly once, even if a revocation catches it in the middle. */
@JCStressTest
@Outcome(id = "2", expect = Expect.ACCEPTABLE, desc = "Each addition happened once.")
@Outcome(expect = Expect.FORBIDDEN, desc = "An addition was lost, or made twice.")
@State
public class Additions {
  private final long word = Migrating.pair();

  /** Adds one. */
  @Actor
  public void first() {
    Migrating.WORD.getAndAdd(Migrating.WORDS, 0L, word, 1L);
  }

  /** Adds one. */
  @Actor
  public void second() {
    Migrating.WORD.getAndAdd(Migrating.WORDS, 0L, word, 1L);
  }

  /**
   * Reads the sum.
   *
   * @param result the sum
   */
  @Arbiter
  public void sum(J_Result result) {
    result.r1 = (long) Migrating.WORD.getVolatile(Migrating.WORDS, 0L, word);
  }
}
