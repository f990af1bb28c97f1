package dev.gmem.opencl;

import static org.jocl.CL.CL_DEVICE_ADDRESS_BITS;
import static org.jocl.CL.CL_DEVICE_AVAILABLE;
import static org.jocl.CL.CL_DEVICE_COMPILER_AVAILABLE;
import static org.jocl.CL.CL_DEVICE_ENDIAN_LITTLE;
import static org.jocl.CL.CL_DEVICE_GLOBAL_MEM_SIZE;
import static org.jocl.CL.CL_DEVICE_HOST_UNIFIED_MEMORY;
import static org.jocl.CL.CL_DEVICE_LOCAL_MEM_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_COMPUTE_UNITS;
import static org.jocl.CL.CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_WORK_GROUP_SIZE;
import static org.jocl.CL.CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS;
import static org.jocl.CL.CL_DEVICE_MAX_WORK_ITEM_SIZES;
import static org.jocl.CL.CL_DEVICE_MEM_BASE_ADDR_ALIGN;
import static org.jocl.CL.CL_DEVICE_NAME;
import static org.jocl.CL.CL_DEVICE_SVM_CAPABILITIES;
import static org.jocl.CL.CL_DEVICE_SVM_COARSE_GRAIN_BUFFER;
import static org.jocl.CL.CL_DEVICE_SVM_FINE_GRAIN_BUFFER;
import static org.jocl.CL.CL_DEVICE_SVM_FINE_GRAIN_SYSTEM;
import static org.jocl.CL.CL_DEVICE_TYPE;
import static org.jocl.CL.CL_DEVICE_TYPE_CPU;
import static org.jocl.CL.CL_DEVICE_TYPE_GPU;
import static org.jocl.CL.CL_DEVICE_VERSION;
import static org.jocl.CL.CL_DRIVER_VERSION;

import java.util.Arrays;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;

/**
 * What a device says of itself. Numbers are the driver's, and differ between machines.
 *
 * @param platform its platform
 * @param handle its handle
 * @param platformName name of the platform
 * @param name name of the device
 * @param version its OpenCL version, as it says it
 * @param driver version of the driver
 * @param type bits of {@code CL_DEVICE_TYPE}
 * @param computeUnits how many
 * @param memoryBytes size of its memory
 * @param bufferBytesMax largest buffer
 * @param constantBytesMax largest {@code __constant} argument
 * @param localBytesMax local memory of a work group
 * @param alignmentBytes what the offset of a sub-buffer must be a multiple of
 * @param workGroupMax most work items of a group
 * @param workItemsMax most work items of a group, per dimension
 * @param hostUnified whether it says that host and device share their memory
 * @param svm bits of {@code CL_DEVICE_SVM_CAPABILITIES}; 0 before OpenCL 2.0
 * @param addressBits size of its addresses
 * @param usable whether it is available, has a compiler, 64-bit addresses, and the host's byte
 *     order
 */
record DeviceFacts(
    cl_platform_id platform,
    cl_device_id handle,
    String platformName,
    String name,
    String version,
    String driver,
    long type,
    long computeUnits,
    long memoryBytes,
    long bufferBytesMax,
    long constantBytesMax,
    long localBytesMax,
    long alignmentBytes,
    long workGroupMax,
    long[] workItemsMax,
    boolean hostUnified,
    long svm,
    long addressBits,
    boolean usable) {

  /** Asks a device. */
  // Deprecated without a successor; drivers still answer.
  @SuppressWarnings("deprecation")
  static DeviceFacts of(Cl cl, cl_platform_id platform, String platformName, cl_device_id device) {
    Asker ask = new Asker(cl, device);
    long bits = ask.number(CL_DEVICE_ADDRESS_BITS);
    int dimensions = (int) ask.number(CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS);
    boolean usable =
        ask.flag(CL_DEVICE_AVAILABLE)
            && ask.flag(CL_DEVICE_COMPILER_AVAILABLE)
            && ask.flag(CL_DEVICE_ENDIAN_LITTLE)
            && bits == Long.SIZE;
    return new DeviceFacts(
        platform,
        device,
        platformName,
        ask.text(CL_DEVICE_NAME),
        ask.text(CL_DEVICE_VERSION),
        ask.text(CL_DRIVER_VERSION),
        ask.number(CL_DEVICE_TYPE),
        ask.number(CL_DEVICE_MAX_COMPUTE_UNITS),
        ask.number(CL_DEVICE_GLOBAL_MEM_SIZE),
        ask.number(CL_DEVICE_MAX_MEM_ALLOC_SIZE),
        ask.number(CL_DEVICE_MAX_CONSTANT_BUFFER_SIZE),
        ask.number(CL_DEVICE_LOCAL_MEM_SIZE),
        Math.max(1, ask.number(CL_DEVICE_MEM_BASE_ADDR_ALIGN) / Byte.SIZE),
        ask.number(CL_DEVICE_MAX_WORK_GROUP_SIZE),
        Bytes.numbers(cl.deviceInfo(device, CL_DEVICE_MAX_WORK_ITEM_SIZES), dimensions),
        ask.flag(CL_DEVICE_HOST_UNIFIED_MEMORY),
        ask.svm(),
        bits,
        usable);
  }

  /** Reads typed values of one device. */
  private record Asker(Cl cl, cl_device_id device) {
    long number(int name) {
      return Bytes.number(cl.deviceInfo(device, name));
    }

    boolean flag(int name) {
      return number(name) != 0;
    }

    String text(int name) {
      return Bytes.text(cl.deviceInfo(device, name));
    }

    /** Devices before OpenCL 2.0 do not know the question. */
    long svm() {
      try {
        return number(CL_DEVICE_SVM_CAPABILITIES);
      } catch (ClException e) {
        if (e.code() == ClCode.INVALID_VALUE) {
          return 0;
        }
        throw e;
      }
    }
  }

  boolean isCpu() {
    return (type & CL_DEVICE_TYPE_CPU) != 0;
  }

  boolean hasSystemSvm() {
    return (svm & CL_DEVICE_SVM_FINE_GRAIN_SYSTEM) != 0;
  }

  /**
   * Tells whether kernels and the CPU may use the same host memory at a time: those of a CPU device
   * are threads of the CPU, and system SVM says so. Other devices that are host-unified promise it
   * between kernels only.
   */
  boolean sharesCaches() {
    return isCpu() || hasSystemSvm();
  }

  String kind() {
    if (isCpu()) {
      return "CPU";
    }
    return (type & CL_DEVICE_TYPE_GPU) != 0 ? "GPU" : "accelerator";
  }

  String svmKind() {
    if (hasSystemSvm()) {
      return "system";
    }
    if ((svm & CL_DEVICE_SVM_FINE_GRAIN_BUFFER) != 0) {
      return "fine-grain buffers";
    }
    return (svm & CL_DEVICE_SVM_COARSE_GRAIN_BUFFER) != 0 ? "coarse-grain buffers" : "none";
  }

  /** Name, platform, versions. */
  String title() {
    return name + " (" + kind() + ", " + platformName + ", " + version + ", driver " + driver + ")";
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof DeviceFacts that && handle.equals(that.handle);
  }

  @Override
  public int hashCode() {
    return handle.hashCode();
  }

  @Override
  public String toString() {
    return title() + " work items " + Arrays.toString(workItemsMax);
  }
}
