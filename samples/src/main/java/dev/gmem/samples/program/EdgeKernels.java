package dev.gmem.samples.program;

import dev.gmem.kernel.DeviceMemory;
import dev.gmem.kernel.KernelArguments;
import dev.gmem.kernel.WorkItem;

/** The Java forms of the kernels that {@link EdgeDetect} launches. */
final class EdgeKernels {
  private static final float[] BINOMIAL = {1, 4, 6, 4, 1};

  private EdgeKernels() {}

  static void luma(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    long offset = item.globalId(0) * Float.BYTES;
    int p = memory.getInt(arguments.address(0) + offset);
    float luma = 0.299f * (p >>> 16 & 255) + 0.587f * (p >>> 8 & 255) + 0.114f * (p & 255);
    memory.putFloat(arguments.address(1) + offset, luma);
  }

  static void blur(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    int width = arguments.getInt(2);
    int height = arguments.getInt(3);
    long in = arguments.address(0);
    int x = (int) item.globalId(0);
    int y = (int) item.globalId(1);
    float sum = 0;
    for (int dy = -2; dy <= 2; dy++) {
      long row = in + (long) Math.clamp(y + dy, 0, height - 1) * width * Float.BYTES;
      float line = 0;
      for (int dx = -2; dx <= 2; dx++) {
        long column = Math.clamp(x + dx, 0, width - 1);
        line += BINOMIAL[dx + 2] * memory.getFloat(row + column * Float.BYTES);
      }
      sum += BINOMIAL[dy + 2] * line;
    }
    memory.putFloat(at(arguments.address(1), (long) y * width + x), sum * (1.0f / 256.0f));
  }

  static void sobel(WorkItem item, DeviceMemory memory, KernelArguments arguments) {
    int width = arguments.getInt(2);
    int height = arguments.getInt(3);
    long in = arguments.address(0);
    int x = (int) item.globalId(0);
    int y = (int) item.globalId(1);
    int left = Math.max(x - 1, 0);
    int right = Math.min(x + 1, width - 1);
    long above = (long) Math.max(y - 1, 0) * width;
    long here = (long) y * width;
    long below = (long) Math.min(y + 1, height - 1) * width;
    float northWest = memory.getFloat(at(in, above + left));
    float northEast = memory.getFloat(at(in, above + right));
    float southWest = memory.getFloat(at(in, below + left));
    float southEast = memory.getFloat(at(in, below + right));
    float across = memory.getFloat(at(in, here + right)) - memory.getFloat(at(in, here + left));
    float down = memory.getFloat(at(in, below + x)) - memory.getFloat(at(in, above + x));
    float gx = northEast - northWest + 2 * across + southEast - southWest;
    float gy = southWest - northWest + 2 * down + southEast - northEast;
    memory.putFloat(at(arguments.address(1), here + x), (float) Math.sqrt(gx * gx + gy * gy));
  }

  private static long at(long base, long index) {
    return base + index * Float.BYTES;
  }
}
