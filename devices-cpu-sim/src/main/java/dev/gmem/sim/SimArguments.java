package dev.gmem.sim;

import dev.gmem.kernel.KernelArguments;
import dev.gmem.spi.GmArgument;
import java.util.List;

/**
 * The arguments of one launch. Scalars widen as in Java; {@code boolean} reads as an {@code int} of
 * 0 or 1.
 */
final class SimArguments implements KernelArguments {
  private final List<GmArgument> arguments;

  SimArguments(List<GmArgument> arguments) {
    this.arguments = List.copyOf(arguments);
  }

  @Override
  public int count() {
    return arguments.size();
  }

  @Override
  public long address(int index) {
    return buffer(index).address();
  }

  @Override
  public long bytes(int index) {
    return buffer(index).bytes();
  }

  @Override
  public int getInt(int index) {
    return switch (scalar(index, "int")) {
      case Integer i -> i;
      case Short s -> s;
      case Byte b -> b;
      case Character c -> c;
      case Boolean z -> z ? 1 : 0;
      default -> throw wrong(index, "int");
    };
  }

  @Override
  public long getLong(int index) {
    return scalar(index, "long") instanceof Long l ? l : getInt(index, "long");
  }

  private int getInt(int index, String wanted) {
    try {
      return getInt(index);
    } catch (IllegalArgumentException e) {
      throw wrong(index, wanted);
    }
  }

  @Override
  public float getFloat(int index) {
    if (scalar(index, "float") instanceof Float f) {
      return f;
    }
    throw wrong(index, "float");
  }

  @Override
  public double getDouble(int index) {
    return switch (scalar(index, "double")) {
      case Double d -> d;
      case Float f -> f;
      default -> throw wrong(index, "double");
    };
  }

  private GmArgument.Buffer buffer(int index) {
    if (get(index) instanceof GmArgument.Buffer buffer) {
      return buffer;
    }
    throw wrong(index, "buffer");
  }

  private Object scalar(int index, String wanted) {
    if (get(index) instanceof GmArgument.Scalar scalar) {
      return scalar.value();
    }
    throw wrong(index, wanted);
  }

  private GmArgument get(int index) {
    if (index < 0 || index >= arguments.size()) {
      throw new IllegalArgumentException(
          "no such argument: index=" + index + " arguments=" + arguments.size());
    }
    return arguments.get(index);
  }

  private IllegalArgumentException wrong(int index, String wanted) {
    String given =
        switch (get(index)) {
          case GmArgument.Scalar scalar -> scalar.value().getClass().getSimpleName();
          case GmArgument.Buffer buffer -> "buffer";
          case GmArgument.Vector vector -> "vector";
          case GmArgument.Local local -> "local memory";
        };
    return new IllegalArgumentException(
        "an argument was asked for as another kind than it was given: index="
            + index
            + " asked="
            + wanted
            + " given="
            + given);
  }
}
