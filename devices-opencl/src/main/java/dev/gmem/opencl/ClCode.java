package dev.gmem.opencl;

import java.util.HashMap;
import java.util.Map;

/** The result codes of OpenCL that are told apart, and the names of all that may be met. */
final class ClCode {
  static final int SUCCESS = 0;
  static final int DEVICE_NOT_FOUND = -1;
  static final int DEVICE_NOT_AVAILABLE = -2;
  static final int MEM_OBJECT_ALLOCATION_FAILURE = -4;
  static final int OUT_OF_RESOURCES = -5;
  static final int OUT_OF_HOST_MEMORY = -6;
  static final int BUILD_PROGRAM_FAILURE = -11;
  static final int EXEC_STATUS_ERROR = -14;
  static final int KERNEL_ARG_INFO_NOT_AVAILABLE = -19;
  static final int INVALID_VALUE = -30;
  static final int PLATFORM_NOT_FOUND = -1001;
  static final int CONTEXT_TERMINATED = -1121;

  private static final Map<Integer, String> NAMES = names();

  private ClCode() {}

  /** Whether a code says that there is no room. */
  static boolean isNoRoom(int code) {
    return code == MEM_OBJECT_ALLOCATION_FAILURE
        || code == OUT_OF_RESOURCES
        || code == OUT_OF_HOST_MEMORY;
  }

  /**
   * Whether a command that comes to a code says that its device is lost. Others may mean that, too,
   * with some driver, but also something that passes: running out of resources, a kernel that has
   * trapped.
   */
  static boolean isLost(int code) {
    return code == DEVICE_NOT_AVAILABLE || code == CONTEXT_TERMINATED;
  }

  static String name(int code) {
    String name = NAMES.get(code);
    return name == null ? "code " + code : name + " (" + code + ")";
  }

  private static Map<Integer, String> names() {
    Map<Integer, String> names = new HashMap<>();
    put(
        names,
        0,
        "CL_SUCCESS CL_DEVICE_NOT_FOUND CL_DEVICE_NOT_AVAILABLE CL_COMPILER_NOT_AVAILABLE"
            + " CL_MEM_OBJECT_ALLOCATION_FAILURE CL_OUT_OF_RESOURCES CL_OUT_OF_HOST_MEMORY"
            + " CL_PROFILING_INFO_NOT_AVAILABLE CL_MEM_COPY_OVERLAP CL_IMAGE_FORMAT_MISMATCH"
            + " CL_IMAGE_FORMAT_NOT_SUPPORTED CL_BUILD_PROGRAM_FAILURE CL_MAP_FAILURE"
            + " CL_MISALIGNED_SUB_BUFFER_OFFSET CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"
            + " CL_COMPILE_PROGRAM_FAILURE CL_LINKER_NOT_AVAILABLE CL_LINK_PROGRAM_FAILURE"
            + " CL_DEVICE_PARTITION_FAILED CL_KERNEL_ARG_INFO_NOT_AVAILABLE");
    put(
        names,
        -30,
        "CL_INVALID_VALUE CL_INVALID_DEVICE_TYPE CL_INVALID_PLATFORM CL_INVALID_DEVICE"
            + " CL_INVALID_CONTEXT CL_INVALID_QUEUE_PROPERTIES CL_INVALID_COMMAND_QUEUE"
            + " CL_INVALID_HOST_PTR CL_INVALID_MEM_OBJECT CL_INVALID_IMAGE_FORMAT_DESCRIPTOR"
            + " CL_INVALID_IMAGE_SIZE CL_INVALID_SAMPLER CL_INVALID_BINARY"
            + " CL_INVALID_BUILD_OPTIONS CL_INVALID_PROGRAM CL_INVALID_PROGRAM_EXECUTABLE"
            + " CL_INVALID_KERNEL_NAME CL_INVALID_KERNEL_DEFINITION CL_INVALID_KERNEL"
            + " CL_INVALID_ARG_INDEX CL_INVALID_ARG_VALUE CL_INVALID_ARG_SIZE"
            + " CL_INVALID_KERNEL_ARGS CL_INVALID_WORK_DIMENSION CL_INVALID_WORK_GROUP_SIZE"
            + " CL_INVALID_WORK_ITEM_SIZE CL_INVALID_GLOBAL_OFFSET CL_INVALID_EVENT_WAIT_LIST"
            + " CL_INVALID_EVENT CL_INVALID_OPERATION CL_INVALID_GL_OBJECT"
            + " CL_INVALID_BUFFER_SIZE CL_INVALID_MIP_LEVEL CL_INVALID_GLOBAL_WORK_SIZE"
            + " CL_INVALID_PROPERTY");
    put(names, PLATFORM_NOT_FOUND, "CL_PLATFORM_NOT_FOUND_KHR");
    put(names, CONTEXT_TERMINATED, "CL_CONTEXT_TERMINATED_KHR");
    return names;
  }

  /** Names consecutive codes, downwards. */
  private static void put(Map<Integer, String> names, int first, String list) {
    int code = first;
    for (String name : list.split(" ", -1)) {
      names.put(code--, name);
    }
  }
}
