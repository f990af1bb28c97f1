package dev.gmem.opencl;

import dev.gmem.KernelCompilationException;
import dev.gmem.KernelSource;
import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmProgram;
import java.util.ArrayList;
import java.util.List;
import org.jocl.cl_kernel;
import org.jocl.cl_program;

/** Compiles OpenCL C for one device. */
final class OpenClCompute implements GmCompute {
  /** Has the compiler keep what parameters are; without it nobody could tell reads from writes. */
  private static final String ARGUMENT_INFO = "-cl-kernel-arg-info";

  private final OpenClDevice device;

  OpenClCompute(OpenClDevice device) {
    this.device = device;
  }

  @Override
  public boolean supports(KernelSource source) {
    return source instanceof KernelSource.OpenCl;
  }

  @Override
  public GmProgram compile(KernelSource source) {
    if (!(source instanceof KernelSource.OpenCl(String text, String options))) {
      throw new KernelCompilationException(
          "an OpenCL device compiles OpenCL C only: device="
              + device.id()
              + " form="
              + source.getClass().getSimpleName());
    }
    Attached attached = device.attached();
    Cl cl = attached.session().cl();
    Releases releases = new Releases();
    try {
      cl_program program = cl.createProgram(attached.session().context(), text);
      releases.add(() -> cl.releaseProgram(program));
      build(cl, program, attached.session(), text, options);
      return new OpenClProgram(kernels(attached, program, options, releases), releases);
    } catch (ClException e) {
      releases.close();
      throw failed(attached.session(), "the driver failed: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      releases.close();
      throw e;
    }
  }

  private void build(Cl cl, cl_program program, Session session, String text, String options) {
    try {
      cl.buildProgram(program, session.facts().handle(), options + " " + ARGUMENT_INFO);
    } catch (ClException e) {
      String log = log(cl, program, session);
      String first = BuildLog.firstError(text, log);
      throw failed(
          session,
          (first.isEmpty() ? e.getMessage() : first)
              + "\noptions: "
              + options
              + "\nbuild log:\n"
              + log,
          e);
    }
  }

  private static String log(Cl cl, cl_program program, Session session) {
    try {
      return cl.buildLog(program, session.facts().handle());
    } catch (ClException e) {
      return "none: " + e.getMessage();
    }
  }

  private KernelCompilationException failed(Session session, String what, Throwable cause) {
    return new KernelCompilationException(
        "the kernel does not compile: device="
            + device.id()
            + " ("
            + session.facts().name()
            + "): "
            + what,
        cause);
  }

  private List<OpenClKernel> kernels(
      Attached attached, cl_program program, String options, Releases releases) {
    Cl cl = attached.session().cl();
    List<cl_kernel> handles = cl.createKernels(program);
    List<KernelPool> pools = new ArrayList<>(handles.size());
    for (cl_kernel handle : handles) {
      KernelPool pool = new KernelPool(cl, program, handle);
      pools.add(pool);
      releases.add(pool::close);
    }
    if (handles.isEmpty()) {
      throw failed(attached.session(), "it has no __kernel function", null);
    }
    List<OpenClKernel> kernels = new ArrayList<>(handles.size());
    for (int i = 0; i < handles.size(); i++) {
      kernels.add(kernel(attached, handles.get(i), pools.get(i), options));
    }
    return List.copyOf(kernels);
  }

  private OpenClKernel kernel(
      Attached attached, cl_kernel handle, KernelPool pool, String options) {
    Session session = attached.session();
    try {
      KernelShape shape = KernelShape.of(session.cl(), handle, session.facts().handle());
      pool.name(shape.name());
      return new OpenClKernel(device, attached, shape, pool, options);
    } catch (ClException e) {
      if (e.code() == ClCode.KERNEL_ARG_INFO_NOT_AVAILABLE) {
        throw failed(
            session, "the driver does not tell what the parameters are; OpenCL 1.2 is needed", e);
      }
      throw e;
    }
  }

  /** A program with everything that has to be released with it. */
  private record OpenClProgram(List<OpenClKernel> compiled, Releases releases)
      implements GmProgram {
    @Override
    public List<GmKernel> kernels() {
      return List.copyOf(compiled);
    }

    @Override
    public void close() {
      releases.close();
    }
  }
}
