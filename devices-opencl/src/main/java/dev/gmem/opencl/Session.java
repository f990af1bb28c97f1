package dev.gmem.opencl;

import dev.gmem.spi.GmAttachment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jocl.cl_context;

/**
 * A device while it is attached: its context and its lanes.
 *
 * <p>There is one lane for transfers to the device, one for those to the host, so that the two
 * directions overlap, and up to {@value #KERNEL_LANES_MAX} for kernels: launches that the core
 * starts together are independent of each other. No command needs to wait for one of another lane,
 * because the core waits for each end before it starts what depends on it.
 */
final class Session implements AutoCloseable {
  private static final int KERNEL_LANES_MAX = 4;
  private static final long IDLE_SECONDS = 10;

  private final Cl cl;
  private final DeviceFacts facts;
  private final GmAttachment attachment;
  private final ExecutorService threads;
  private final Releases releases = new Releases();
  private final boolean profiled;
  private final cl_context context;
  private final Lane toDevice;
  private final Lane toHost;
  private final List<Lane> kernels = new ArrayList<>();

  Session(Cl cl, DeviceFacts facts, String id, GmAttachment attachment, boolean profiled) {
    this.cl = cl;
    this.profiled = profiled;
    this.facts = facts;
    this.attachment = attachment;
    threads = pool(id);
    releases.add(threads::shutdown);
    boolean done = false;
    try {
      context = cl.createContext(facts.platform(), facts.handle());
      releases.add(() -> cl.releaseContext(context));
      toDevice = lane(false);
      toHost = lane(false);
      kernels.add(lane(true));
      done = true;
    } finally {
      if (!done) {
        releases.close();
      }
    }
  }

  private static ExecutorService pool(String id) {
    ThreadFactory factory = Thread.ofPlatform().daemon().name(id + "-wait-", 0).factory();
    return new ThreadPoolExecutor(
        0, Integer.MAX_VALUE, IDLE_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), factory);
  }

  private Lane lane(boolean handsOver) {
    Lane lane = new Lane(cl, cl.createQueue(context, facts.handle(), profiled), threads, handsOver);
    releases.add(lane::close);
    return lane;
  }

  Cl cl() {
    return cl;
  }

  DeviceFacts facts() {
    return facts;
  }

  /** Whether the driver takes the time of commands. */
  boolean isProfiled() {
    return profiled;
  }

  GmAttachment attachment() {
    return attachment;
  }

  cl_context context() {
    return context;
  }

  Lane toDevice() {
    return toDevice;
  }

  Lane toHost() {
    return toHost;
  }

  /** The least busy lane of kernels; a new one while all are busy and there are few. */
  Lane kernelLane() {
    synchronized (kernels) {
      Lane best = kernels.getFirst();
      int least = best.load();
      for (int i = 1; i < kernels.size() && least > 0; i++) {
        int load = kernels.get(i).load();
        if (load < least) {
          least = load;
          best = kernels.get(i);
        }
      }
      return least > 0 && kernels.size() < KERNEL_LANES_MAX ? addLane(best) : best;
    }
  }

  /** A new lane, or, if the driver has no more, one that there is. */
  private Lane addLane(Lane otherwise) {
    try {
      Lane lane = lane(true);
      kernels.add(lane);
      return lane;
    } catch (ClException e) {
      return otherwise;
    }
  }

  /** Waits for what runs, and lets everything go. */
  @Override
  public void close() {
    synchronized (kernels) {
      releases.close();
    }
  }
}
