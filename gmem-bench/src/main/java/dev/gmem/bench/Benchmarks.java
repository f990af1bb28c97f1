package dev.gmem.bench;

import dev.gmem.bench.fault.FaultLatency;
import dev.gmem.bench.fault.PrefetchPolicies;
import dev.gmem.bench.fault.RevocationEffect;
import dev.gmem.bench.fault.Streaming;
import dev.gmem.bench.javakernel.AparapiPairs;
import dev.gmem.bench.javakernel.JavaKernelFirstLaunch;
import dev.gmem.bench.javakernel.JavaKernelTime;
import dev.gmem.bench.jvm.InAgentJvm;
import dev.gmem.bench.jvm.StartUp;
import dev.gmem.bench.loop.LoopPairs;
import dev.gmem.bench.memory.Oversubscription;
import dev.gmem.bench.memory.SharedGranule;
import dev.gmem.bench.opencl.OpenClChain;
import dev.gmem.bench.opencl.OpenClLaunch;
import dev.gmem.bench.opencl.OpenClTransfer;
import dev.gmem.bench.opencl.OpenClZeroCopy;
import dev.gmem.bench.space.HostMemory;
import dev.gmem.bench.space.LaunchLatency;
import java.util.ArrayList;
import java.util.List;

/** All benchmarks. */
public final class Benchmarks {
  private Benchmarks() {}

  /**
   * Lists the benchmarks. None needs the agent in the JVM that calls it; they start their own.
   *
   * @return in the order in which they run if nobody chooses
   */
  public static List<Benchmark> all() {
    List<Benchmark> all = new ArrayList<>();
    all.add(new StartUp());
    all.add(new InAgentJvm(new LaunchLatency()));
    all.add(new InAgentJvm(new HostMemory()));
    all.add(new InAgentJvm(new FaultLatency()));
    all.add(new InAgentJvm(new RevocationEffect()));
    all.add(new InAgentJvm(new Streaming()));
    all.add(new InAgentJvm(new PrefetchPolicies()));
    all.add(new InAgentJvm(new Oversubscription()));
    all.add(new InAgentJvm(new SharedGranule()));
    all.add(new InAgentJvm(new OpenClLaunch()));
    all.add(new InAgentJvm(new OpenClTransfer()));
    all.add(new InAgentJvm(new OpenClZeroCopy()));
    all.add(new InAgentJvm(new OpenClChain()));
    all.add(new InAgentJvm(new JavaKernelTime()));
    all.add(new JavaKernelFirstLaunch());
    all.add(new InAgentJvm(new AparapiPairs()));
    all.addAll(LoopPairs.all());
    return List.copyOf(all);
  }
}
