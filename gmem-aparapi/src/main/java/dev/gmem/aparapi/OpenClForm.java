package dev.gmem.aparapi;

import dev.gmem.Argument;
import java.util.List;

/** The arguments of a kernel in the form of OpenCL C, in the order of the text's parameters. */
final class OpenClForm {
  private OpenClForm() {}

  static Object[] arguments(List<KernelParameter> parameters, Values values, int passId) {
    return parameters.stream().map(p -> argument(p, values, passId)).toArray();
  }

  private static Object argument(KernelParameter parameter, Values values, int passId) {
    return switch (parameter) {
      case KernelParameter.Array array when array.isUnified() -> values.buffer(array);
      case KernelParameter.Array array ->
          Argument.local((long) values.lengths(array)[0] * array.elementBytes());
      case KernelParameter.Length(KernelParameter.Array array, int dimension) ->
          values.lengths(array)[dimension];
      case KernelParameter.Stride(KernelParameter.Array array, int dimension) ->
          stride(values.lengths(array), dimension);
      case KernelParameter.Scalar scalar -> values.scalar(scalar);
      case KernelParameter.Pass pass -> passId;
    };
  }

  private static int stride(int[] lengths, int dimension) {
    int stride = 1;
    for (int d = dimension + 1; d < lengths.length; d++) {
      stride = Math.multiplyExact(stride, lengths[d]);
    }
    return stride;
  }
}
