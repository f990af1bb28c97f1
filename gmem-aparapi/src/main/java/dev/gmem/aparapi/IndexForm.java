package dev.gmem.aparapi;

import dev.gmem.NdRange;
import java.util.function.ToLongFunction;

/**
 * What the index of an array is made of, as far as it is the same function of a work item's place
 * for all items of a launch: constants, ids and sizes, fields, sums and products.
 *
 * <p>Sums and products of {@code int} wrap around; a form that leaves the range of {@code int}
 * anywhere is none.
 */
sealed interface IndexForm {
  /** A constant. */
  record Constant(int value) implements IndexForm {}

  /** {@code getGlobalId(dimension)}. */
  record Id(int dimension) implements IndexForm {}

  /** {@code getGlobalSize(dimension)}. */
  record Size(int dimension) implements IndexForm {}

  /** {@code getPassId()}. */
  record Pass() implements IndexForm {}

  /** A field of an integral type, by its name in the {@link FlatKernel}. */
  record Scalar(String field) implements IndexForm {}

  /** The length of an array field in its outermost dimension. */
  record Length(String field) implements IndexForm {}

  /** A sum. */
  record Sum(IndexForm left, IndexForm right) implements IndexForm {}

  /** A product. */
  record Product(IndexForm left, IndexForm right) implements IndexForm {}

  /** The negative of a form. */
  static IndexForm minus(IndexForm form) {
    return form == null ? null : new Product(new Constant(-1), form);
  }

  /** A sum, or null if one of its parts is. */
  static IndexForm sum(IndexForm left, IndexForm right) {
    return left == null || right == null ? null : new Sum(left, right);
  }

  /** A product, or null if one of its parts is. */
  static IndexForm product(IndexForm left, IndexForm right) {
    return left == null || right == null ? null : new Product(left, right);
  }

  /**
   * A form in one launch: {@code constant + factors[0] * id(0) + ...}.
   *
   * @param constant what does not depend on the item
   * @param factors of the ids, per dimension
   */
  record Affine(long constant, long... factors) {
    private static final int DIMENSIONS = 3;

    static Affine of(long constant) {
      return new Affine(constant, new long[DIMENSIONS]);
    }

    private static Affine id(int dimension) {
      long[] factors = new long[DIMENSIONS];
      factors[dimension] = 1;
      return new Affine(0, factors);
    }

    private boolean isConstant() {
      return factors[0] == 0 && factors[1] == 0 && factors[2] == 0;
    }

    Affine plus(Affine other) {
      long[] sums = new long[DIMENSIONS];
      for (int d = 0; d < DIMENSIONS; d++) {
        sums[d] = Math.addExact(factors[d], other.factors[d]);
      }
      return new Affine(Math.addExact(constant, other.constant), sums);
    }

    Affine times(long factor) {
      long[] products = new long[DIMENSIONS];
      for (int d = 0; d < DIMENSIONS; d++) {
        products[d] = Math.multiplyExact(factors[d], factor);
      }
      return new Affine(Math.multiplyExact(constant, factor), products);
    }

    /** The least value that an item of the range has. */
    long min(NdRange range) {
      return extreme(range, -1);
    }

    /** The greatest value that an item of the range has. */
    long max(NdRange range) {
      return extreme(range, 1);
    }

    private long extreme(NdRange range, int sign) {
      long value = constant;
      for (int d = 0; d < DIMENSIONS; d++) {
        if (Long.signum(factors[d]) == sign) {
          long way = Math.multiplyExact(factors[d], range.globalSize(d) - 1);
          value = Math.addExact(value, way);
        }
      }
      return value;
    }

    /** Whether the items of a range have each value from 0 to a count less 1, and no other. */
    boolean covers(NdRange range, long count) {
      if (range.items() != count || min(range) != 0) {
        return false;
      }
      boolean[] done = new boolean[DIMENSIONS];
      long step = 1;
      for (int i = 0; i < DIMENSIONS; i++) {
        for (int d = 0; d < DIMENSIONS; d++) {
          if (!done[d] && (Math.abs(factors[d]) == step || range.globalSize(d) == 1)) {
            done[d] = true;
            step = Math.multiplyExact(step, range.globalSize(d));
          }
        }
      }
      return done[0] && done[1] && done[2];
    }
  }

  /**
   * The form in one launch; null if it is not affine there.
   *
   * @param range the work items
   * @param passId the pass
   * @param scalars values of integral fields
   * @param lengths of array fields
   */
  default Affine in(
      NdRange range, int passId, ToLongFunction<String> scalars, ToLongFunction<String> lengths) {
    return switch (this) {
      case Constant(int value) -> Affine.of(value);
      case Id(int dimension) -> Affine.id(dimension);
      case Size(int dimension) -> Affine.of(range.globalSize(dimension));
      case Pass() -> Affine.of(passId);
      case Scalar(String field) -> Affine.of(scalars.applyAsLong(field));
      case Length(String field) -> Affine.of(lengths.applyAsLong(field));
      case Sum(IndexForm left, IndexForm right) -> {
        Affine a = left.in(range, passId, scalars, lengths);
        Affine b = right.in(range, passId, scalars, lengths);
        yield a == null || b == null ? null : a.plus(b);
      }
      case Product(IndexForm left, IndexForm right) -> {
        Affine a = left.in(range, passId, scalars, lengths);
        Affine b = right.in(range, passId, scalars, lengths);
        if (a == null || b == null || !a.isConstant() && !b.isConstant()) {
          yield null;
        }
        yield a.isConstant() ? b.times(a.constant) : a.times(b.constant);
      }
    };
  }
}
