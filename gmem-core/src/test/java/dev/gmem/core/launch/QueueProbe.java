package dev.gmem.core.launch;

import dev.gmem.Access;
import dev.gmem.Transfer;
import dev.gmem.core.engine.Vma;
import dev.gmem.core.space.Space;
import dev.gmem.core.space.SpaceProbe;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Puts anything among the launches of a space. */
public final class QueueProbe {
  private QueueProbe() {}

  /**
   * Submits what stands where a transfer to the host would.
   *
   * @param space the space
   * @param segment what it reads
   * @param work what it does
   * @return it
   */
  public static Transfer submit(Space space, MemorySegment segment, Runnable work) {
    Vma vma = SpaceProbe.vma(space, segment);
    TransferTask task =
        new TransferTask(
            null,
            List.of(new BufferUse(vma, segment.address(), segment.byteSize(), Access.READ)),
            number -> {
              work.run();
              return 0;
            });
    SpaceProbe.launches(space).submit(task);
    return task;
  }
}
