package dev.gmem.aparapi;

import dev.gmem.Access;
import dev.gmem.NdRange;
import dev.gmem.aparapi.IndexForm.Affine;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which elements all work items of a launch touch together, as far as the kernel touches them
 * whatever happens and the index is affine. If each item writes one element and together they write
 * all, nothing of the array's old contents is needed; if some item is certain to touch an element
 * that is not there, the launch cannot be right.
 *
 * <p>Immutable.
 */
final class Reach {
  private final List<ArrayUses.Touch> touches;
  private final Map<String, KernelParameter.Scalar> scalars = new HashMap<>();
  private final Map<String, KernelParameter.Array> arrays = new HashMap<>();

  Reach(List<ArrayUses.Touch> touches, List<KernelParameter> parameters) {
    for (KernelParameter parameter : parameters) {
      switch (parameter) {
        case KernelParameter.Scalar scalar -> scalars.put(scalar.flatName(), scalar);
        case KernelParameter.Array array when array.isUnified() ->
            arrays.put(array.flatName(), array);
        default -> {}
      }
    }
    this.touches = touches.stream().filter(t -> arrays.containsKey(t.field())).distinct().toList();
  }

  /**
   * Checks that no item is certain to touch an element outside of its array.
   *
   * @throws IllegalArgumentException if one is; the message names it
   */
  void check(String kernel, NdRange range, int passId, Values values) {
    for (ArrayUses.Touch touch : touches) {
      KernelParameter.Array array = arrays.get(touch.field());
      int[] lengths = values.lengths(array);
      for (int d = 0; d < touch.indices().size(); d++) {
        Affine index = affine(touch.indices().get(d), range, passId, values);
        if (index != null && (index.min(range) < 0 || index.max(range) >= lengths[d])) {
          throw new IllegalArgumentException(
              "the work items reach beyond an array; launch fewer, or bind more memory: kernel="
                  + kernel
                  + " field="
                  + array.name()
                  + (lengths.length == 1 ? "" : " dimension=" + d)
                  + " length="
                  + lengths[d]
                  + " indexMin="
                  + index.min(range)
                  + " indexMax="
                  + index.max(range)
                  + " range="
                  + range);
        }
      }
    }
  }

  /** What a launch does with an array; more precise than what the kernel does with it. */
  Access access(KernelParameter.Array array, NdRange range, int passId, Values values) {
    if (array.access() != Access.WRITE) {
      return array.access();
    }
    for (ArrayUses.Touch touch : touches) {
      if (touch.writes()
          && touch.field().equals(array.flatName())
          && writesAll(touch, values.lengths(array), range, passId, values)) {
        return Access.OVERWRITE;
      }
    }
    return Access.WRITE;
  }

  private boolean writesAll(
      ArrayUses.Touch touch, int[] lengths, NdRange range, int passId, Values values) {
    if (touch.indices().size() != lengths.length) {
      return false;
    }
    Affine place = Affine.of(0);
    long count = 1;
    for (int d = 0; d < lengths.length; d++) {
      Affine index = affine(touch.indices().get(d), range, passId, values);
      if (index == null) {
        return false;
      }
      place = place.times(lengths[d]).plus(index);
      count *= lengths[d];
    }
    return place.covers(range, count);
  }

  /** The form in a launch, if it stays within {@code int}, where it would wrap around. */
  private Affine affine(IndexForm form, NdRange range, int passId, Values values) {
    try {
      Affine affine =
          form.in(
              range,
              passId,
              field -> ((Number) number(values.scalar(scalars.get(field)))).longValue(),
              field -> values.lengths(arrays.get(field))[0]);
      boolean fits =
          affine != null
              && affine.min(range) >= Integer.MIN_VALUE
              && affine.max(range) <= Integer.MAX_VALUE;
      return fits ? affine : null;
    } catch (ArithmeticException e) {
      return null;
    }
  }

  private static Object number(Object value) {
    return value instanceof Character c ? (Object) (int) c : value;
  }
}
