package dev.gmem.core.testing;

import dev.gmem.core.sync.RankedMonitor;
import java.util.function.BooleanSupplier;

/** Real threads, real monitors. */
final class FreeSchedule implements Schedule {
  @Override
  public void point(String what) {}

  @Override
  public void await(String what, BooleanSupplier ready) {
    while (!ready.getAsBoolean()) {
      Thread.onSpinWait();
    }
  }

  @Override
  public int object(Object key) {
    return 0;
  }

  @Override
  public void reads(int object) {}

  @Override
  public void writes(int object) {}

  @Override
  public int faultsMax() {
    return Integer.MAX_VALUE;
  }

  @Override
  public boolean noneHeld() {
    return RankedMonitor.noneHeld();
  }
}
