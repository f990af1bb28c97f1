package dev.gmem.opencl;

import dev.gmem.KernelLaunchException;
import dev.gmem.NdRange;
import dev.gmem.spi.GmArgument;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatusException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;

/**
 * One launch, from its arguments to its end. Made for each; used by one thread until it is
 * submitted, and by the lane's waiter afterwards.
 *
 * <p><b>Slices.</b> OpenCL takes whole buffers. A slice that begins where its allocation does is
 * passed as that; one that begins at a multiple of the device's alignment as a sub-buffer; any
 * other is copied to a buffer of its own on the device before the kernel, and back after it, in the
 * same queue. Arguments that are the same slice get the same buffer. Where kernels take addresses
 * none of this is needed.
 *
 * <p><b>Stored pointers</b> are followed in the host frames. An allocation of which any is reached
 * by them is passed by its address, or as a buffer over its frames, in either mode.
 */
final class LaunchCall {
  /** A copy on the device. */
  private record Copy(cl_mem from, long fromOffset, cl_mem to, long toOffset, long bytes) {}

  /** Memory that a buffer is made for. */
  private record Slice(long address, long bytes) {
    static Slice of(GmArgument.Buffer buffer) {
      return new Slice(buffer.address(), buffer.bytes());
    }
  }

  private final Cl cl;
  private final String deviceId;
  private final Attached attached;
  private final KernelShape shape;
  private final KernelPool pool;
  private final NdRange range;
  private final long[] local;
  private final Releases releases = new Releases();
  private final List<Copy> before = new ArrayList<>(0);
  private final List<Copy> after = new ArrayList<>(0);
  private final Map<Slice, cl_mem> made = new HashMap<>(0);
  private final Pending<Long> result = new Pending<>();
  private PooledKernel pooled;
  private cl_kernel kernel;
  private List<GmArgument> all = List.of();
  private List<GmArgument.Buffer> reached = List.of();
  private boolean usesAddresses;

  LaunchCall(
      String deviceId,
      Attached attached,
      KernelShape shape,
      KernelPool pool,
      NdRange range,
      long[] local) {
    this.cl = attached.session().cl();
    this.deviceId = deviceId;
    this.attached = attached;
    this.shape = shape;
    this.pool = pool;
    this.range = range;
    this.local = local;
  }

  CompletableFuture<Long> start(List<GmArgument> arguments, List<GmArgument.Buffer> inPlace) {
    all = arguments;
    reached = inPlace;
    usesAddresses = !reached.isEmpty();
    try {
      pooled = pool.take();
      kernel = pooled.handle();
      releases.add(() -> pool.give(pooled));
      for (int i = 0; i < arguments.size(); i++) {
        bind(i, arguments.get(i));
      }
      if (usesAddresses && attached.session().facts().hasSystemSvm()) {
        cl.allowSystemPointers(kernel);
      }
    } catch (RuntimeException e) {
      forget();
      releases.close();
      result.completeExceptionally(failed(e));
      return result;
    }
    long[] global = new long[range.dimensions()];
    for (int d = 0; d < global.length; d++) {
      global[d] = range.globalSize(d);
    }
    long start = System.nanoTime();
    Lane lane = attached.session().kernelLane();
    Batch batch =
        lane.submit(
            (queue, events) -> {
              for (Copy copy : before) {
                events.add(enqueue(queue, copy));
              }
              events.add(cl.enqueueKernel(queue, kernel, global, local));
              for (Copy copy : after) {
                events.add(enqueue(queue, copy));
              }
            },
            (events, failure) -> end(events, failure, start));
    result.on(lane, batch);
    return result;
  }

  private cl_event enqueue(cl_command_queue queue, Copy copy) {
    return cl.enqueueCopy(
        queue, copy.from(), copy.fromOffset(), copy.to(), copy.toOffset(), copy.bytes());
  }

  private Runnable end(List<cl_event> events, ClException failure, long start) {
    long nanos = failure == null ? nanos(events.get(before.size()), start) : 0;
    if (failure != null) {
      forget();
    }
    releases.close();
    return () -> {
      if (failure == null) {
        result.complete(nanos);
      } else {
        result.completeExceptionally(failed(failure));
      }
    };
  }

  /** The kernel's time by the device's clock, or, where that cannot be had, by ours. */
  private long nanos(cl_event event, long start) {
    if (attached.session().isProfiled()) {
      try {
        return Math.max(0, cl.nanos(event));
      } catch (ClException e) {
        return System.nanoTime() - start;
      }
    }
    return System.nanoTime() - start;
  }

  private RuntimeException failed(RuntimeException cause) {
    ClException code = cause instanceof ClException e ? e : null;
    String advice =
        code != null && code.isNoRoom()
            ? "; the device has run out of memory or other resources"
            : "";
    String message =
        "the kernel failed"
            + advice
            + ": kernel="
            + shape.name()
            + " device="
            + deviceId
            + " ("
            + attached.session().facts().name()
            + ") range="
            + range
            + " cause="
            + cause.getMessage();
    return code != null && code.isLost()
        ? new GmStatusException(code.status(), message, cause)
        : new KernelLaunchException(message, cause);
  }

  // ---- arguments ----

  private void bind(int index, GmArgument argument) {
    switch (argument) {
      case GmArgument.Buffer buffer -> bind(index, buffer);
      case GmArgument.Scalar(Object value) ->
          set(
              index,
              argument,
              () ->
                  cl.setScalar(kernel, index, LaunchRules.type(shape, index, value).encode(value)));
      case GmArgument.Vector(List<Object> components) ->
          set(
              index,
              argument,
              () ->
                  cl.setScalar(
                      kernel,
                      index,
                      LaunchRules.vectorType(shape, index, components).encode(components)));
      case GmArgument.Local(long bytes) ->
          set(index, argument, () -> cl.setLocal(kernel, index, bytes));
    }
  }

  private void set(int index, Object value, Runnable set) {
    pooled.bind(index, shape.arguments().size(), value, set);
  }

  private void forget() {
    if (pooled != null) {
      pooled.forget();
    }
  }

  private void bind(int index, GmArgument.Buffer buffer) {
    boolean unmapped = !attached.zeroCopy() && OpenClKernel.isIn(buffer, reached);
    Place place = unmapped ? onHost(buffer) : attached.mmu().place(buffer);
    if (place.byAddress()) {
      usesAddresses = true;
      set(
          index,
          buffer.address(),
          () -> cl.setPointer(kernel, index, HostPointers.of(buffer.address())));
    } else if (place.offset() == 0) {
      // A buffer that is released after the launch may have the handle of the next one.
      set(
          index,
          unmapped ? null : place.buffer(),
          () -> cl.setBuffer(kernel, index, place.buffer()));
    } else {
      cl_mem slice = made.computeIfAbsent(Slice.of(buffer), s -> slice(place, s));
      set(index, null, () -> cl.setBuffer(kernel, index, slice));
    }
  }

  private cl_mem slice(Place place, Slice slice) {
    if (place.offset() % attached.session().facts().alignmentBytes() != 0) {
      return stage(place, slice);
    }
    cl_mem part = cl.createSubBuffer(place.buffer(), place.offset(), slice.bytes());
    releases.add(() -> cl.releaseBuffer(part));
    return part;
  }

  /** An allocation in the host frames, of which nothing is mapped here. */
  private Place onHost(GmArgument.Buffer buffer) {
    if (attached.access().addresses()) {
      return Place.BY_ADDRESS;
    }
    GmRange allocation = buffer.allocation();
    Slice whole = new Slice(allocation.address(), allocation.bytes());
    return new Place(
        made.computeIfAbsent(whole, this::frames), buffer.address() - allocation.address());
  }

  private cl_mem frames(Slice slice) {
    cl_mem frames =
        cl.createHostBuffer(
            attached.session().context(), HostPointers.of(slice.address()), slice.bytes());
    releases.add(() -> cl.releaseBuffer(frames));
    return frames;
  }

  private cl_mem stage(Place place, Slice slice) {
    cl_mem stage = cl.createBuffer(attached.session().context(), slice.bytes());
    releases.add(() -> cl.releaseBuffer(stage));
    List<GmArgument.Buffer> uses = OpenClKernel.buffers(all);
    uses.removeIf(use -> !Slice.of(use).equals(slice));
    if (uses.stream().anyMatch(use -> use.access().needsContents())) {
      before.add(new Copy(place.buffer(), place.offset(), stage, 0, slice.bytes()));
    }
    if (uses.stream().anyMatch(use -> use.access().writes())) {
      after.add(new Copy(stage, 0, place.buffer(), place.offset(), slice.bytes()));
    }
    return stage;
  }
}
