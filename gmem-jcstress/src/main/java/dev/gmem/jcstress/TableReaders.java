package dev.gmem.jcstress;

import dev.gmem.core.table.GranuleEntry;
import dev.gmem.core.table.GranuleTable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/**
 * A reader without the monitor sees an entry that the granule has had, while nodes above it split
 * and join; and once it has seen the last one, it sees no earlier one.
 */
@JCStressTest
@Outcome(id = "true, true", expect = Expect.ACCEPTABLE, desc = "Read twice before the change.")
@Outcome(id = "true, false", expect = Expect.ACCEPTABLE, desc = "Read before and after it.")
@Outcome(id = "false, false", expect = Expect.ACCEPTABLE, desc = "Read twice after it.")
@Outcome(id = "false, true", expect = Expect.FORBIDDEN, desc = "A permission came back.")
@State
public class TableReaders {
  /** A tree of three levels. */
  private static final int GRANULES = 2 * 64 * 64;

  private final GranuleTable table = new GranuleTable(GRANULES, GranuleEntry.CPU);

  /** Splits nodes, changes an entry, joins them again. */
  @Actor
  public void write() {
    table.set(0, 1, GranuleEntry.EVICTED);
    table.set(5, 6, GranuleEntry.EVICTED);
    table.set(0, GRANULES, GranuleEntry.EVICTED);
  }

  /**
   * Reads the permission to write of one granule twice.
   *
   * @param result what was read
   */
  @Actor
  public void read(ZZ_Result result) {
    result.r1 = GranuleEntry.admits(table.get(5), true);
    result.r2 = GranuleEntry.admits(table.get(5), true);
  }
}
