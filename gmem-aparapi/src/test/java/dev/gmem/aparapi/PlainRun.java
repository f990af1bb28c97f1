package dev.gmem.aparapi;

import com.aparapi.Kernel;
import com.aparapi.Range;
import com.aparapi.internal.kernel.IKernelBarrier;
import dev.gmem.NdRange;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * Runs a kernel on the heap arrays in its fields, as the plain Java it is: item by item, or, where
 * items wait for each other, with a thread for each item of a group.
 */
final class PlainRun {
  private PlainRun() {}

  static void run(Kernel kernel, NdRange range, int passId, boolean barriers) {
    int groupItems = (int) (range.localSize(0) * range.localSize(1) * range.localSize(2));
    List<Kernel> items = new ArrayList<>();
    for (int i = 0; i < groupItems; i++) {
      items.add(item(kernel, range, passId));
    }
    for (int z = 0; z < range.globalSize(2); z += (int) range.localSize(2)) {
      for (int y = 0; y < range.globalSize(1); y += (int) range.localSize(1)) {
        for (int x = 0; x < range.globalSize(0); x += (int) range.localSize(0)) {
          place(items, range, x, y, z);
          runGroup(items, barriers);
        }
      }
    }
  }

  private static Kernel item(Kernel kernel, NdRange range, int passId) {
    Kernel item = kernel.clone();
    Range where = new Range(null, range.dimensions());
    where.setGlobalSize_0((int) range.globalSize(0));
    where.setGlobalSize_1((int) range.globalSize(1));
    where.setGlobalSize_2((int) range.globalSize(2));
    where.setLocalSize_0((int) range.localSize(0));
    where.setLocalSize_1((int) range.localSize(1));
    where.setLocalSize_2((int) range.localSize(2));
    item.getKernelState().setRange(where);
    item.getKernelState().setPassId(passId);
    for (Field field : HeapArrays.fields(kernel)) {
      if (ArraySpaces.NONE.of(field) == KernelParameter.Space.PRIVATE) {
        HeapArrays.set(field, item, HeapArrays.copy(HeapArrays.get(field, kernel)));
      }
    }
    return item;
  }

  private static void place(List<Kernel> items, NdRange range, int x, int y, int z) {
    int width = (int) range.localSize(0);
    int height = (int) range.localSize(1);
    int depth = (int) range.localSize(2);
    for (int i = 0; i < items.size(); i++) {
      Kernel.KernelState state = items.get(i).getKernelState();
      int[] local = {i % width, i / width % height, i / width / height};
      state.setLocalIds(local);
      state.setGlobalIds(new int[] {x + local[0], y + local[1], z + local[2]});
      state.setGroupIds(new int[] {x / width, y / height, z / depth});
    }
  }

  private static void runGroup(List<Kernel> items, boolean barriers) {
    if (!barriers) {
      items.forEach(Kernel::run);
      return;
    }
    CyclicBarrier cyclic = new CyclicBarrier(items.size());
    items.forEach(item -> item.getKernelState().setLocalBarrier(new Barrier(cyclic)));
    try (ExecutorService threads = Executors.newFixedThreadPool(items.size())) {
      CompletableFuture.allOf(
              items.stream()
                  .map(item -> CompletableFuture.runAsync(item::run, threads))
                  .toArray(CompletableFuture[]::new))
          .join();
    }
  }

  private record Barrier(CyclicBarrier cyclic) implements IKernelBarrier {
    @Override
    public boolean block() throws InterruptedException {
      try {
        cyclic.await();
      } catch (BrokenBarrierException e) {
        throw new IllegalStateException(e);
      }
      return true;
    }

    @Override
    public boolean isReleasable() {
      return false;
    }

    @Override
    public void cancelBarrier() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void breakBarrier(Throwable cause) {
      throw new UnsupportedOperationException();
    }
  }
}
