package dev.gmem.aparapi;

import com.aparapi.Kernel;
import dev.gmem.aparapi.KernelParameter.Space;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a kernel does with its arrays: which it reads and writes, which elements every work item
 * touches whatever happens, and which memory those are in that methods are given. Arrays are
 * followed through variables, arguments and elements; one that a method returns counts as read and
 * written. The translator's own analysis looks at the simplest accesses only.
 *
 * <p>Works on the code of a {@link FlatKernel}. Threads: one.
 */
final class ArrayUses {
  /** An array as one method sees it. */
  sealed interface Origin {
    /** That of a field of the kernel. */
    record OfField(String name) implements Origin {}

    /** One that the method is given, by its slot. */
    record Given(int slot) implements Origin {}

    /** One that some method has made. */
    record Made() implements Origin {}
  }

  /**
   * What every work item touches.
   *
   * @param field the array field
   * @param indices the index in each dimension, the outermost first
   * @param writes whether it writes the element
   */
  record Touch(String field, List<IndexForm> indices, boolean writes) {}

  /** What a method does with arrays. */
  static final class Summary {
    final Set<Origin> read = new HashSet<>();
    final Set<Origin> written = new HashSet<>();
    final List<Passed> passed = new ArrayList<>();
    final List<Touch> touches = new ArrayList<>();
  }

  /** An array that a method gives to another, or, if that is null, keeps in a variable. */
  record Passed(Origin origin, KernelMethod callee, int slot, int line) {}

  private static final Set<Space> GLOBAL = EnumSet.of(Space.GLOBAL);

  private final KernelCode code;
  private final FlatKernel flat;
  private final Map<KernelMethod, Summary> summaries = new HashMap<>();

  /** The memory of the arrays that methods are given, by method and slot. */
  private final Map<KernelMethod, Map<Integer, Set<Space>>> given = new HashMap<>();

  private final Map<KernelMethod, Map<Integer, Set<Space>>> followed = new HashMap<>();
  private final Set<Field> passedFields = new HashSet<>();

  private ArrayUses(FlatKernel flat) {
    this.flat = flat;
    code = flat.code();
  }

  /** Follows the arrays of everything that a kernel reaches. */
  static ArrayUses of(FlatKernel flat) {
    ArrayUses uses = new ArrayUses(flat);
    for (KernelMethod method : uses.code.methods()) {
      uses.summary(method);
    }
    uses.follow(uses.code.run(), Map.of());
    return uses;
  }

  boolean isRead(String field) {
    return summary(code.run()).read.contains(new Origin.OfField(field));
  }

  boolean isWritten(String field) {
    return summary(code.run()).written.contains(new Origin.OfField(field));
  }

  /** What every work item touches. */
  List<Touch> touches() {
    return summary(code.run()).touches;
  }

  /** What a method does; those that it calls first, which never call it. */
  Summary summary(KernelMethod method) {
    Summary known = summaries.get(method);
    if (known == null) {
      known =
          method.owner() == Kernel.class ? new Summary() : new ArrayFlow(this, method).summary();
      summaries.put(method, known);
    }
    return known;
  }

  KernelCode code() {
    return code;
  }

  KernelTranslationException refused(KernelMethod method, String what, String hint, int line) {
    return flat.original(method).refused(what, hint, line);
  }

  /** Finds the memory of what methods are given, from {@code run} on. */
  private void follow(KernelMethod method, Map<Integer, Set<Space>> mine) {
    if (Map.copyOf(mine).equals(followed.put(method, Map.copyOf(mine)))) {
      return;
    }
    for (Passed passed : summary(method).passed) {
      EnumSet<Space> spaces = spaces(passed.origin, mine);
      if (passed.callee == null) {
        if (!spaces.equals(EnumSet.of(Space.GLOBAL))) {
          throw refused(
              method,
              "a variable for an array in local or private memory",
              "use the array under the name that it has",
              passed.line);
        }
        continue;
      }
      Set<Space> all =
          given
              .computeIfAbsent(passed.callee, k -> new HashMap<>())
              .computeIfAbsent(passed.slot, k -> EnumSet.noneOf(Space.class));
      all.addAll(spaces);
      if (all.size() > 1) {
        throw refused(
            method,
            "a method ("
                + nameOf(passed.callee)
                + ") that is given arrays in memory of several kinds "
                + new LinkedHashSet<>(all),
            "write the method once for each kind, under different names",
            passed.line);
      }
    }
    for (KernelMethod callee : code.callees(method)) {
      if (callee.owner() != Kernel.class) {
        follow(callee, given.getOrDefault(callee, Map.of()));
      }
    }
  }

  String nameOf(KernelMethod method) {
    return flat.original(method).name();
  }

  private EnumSet<Space> spaces(Origin origin, Map<Integer, Set<Space>> mine) {
    return switch (origin) {
      case Origin.OfField(String name) -> {
        Field field = flat.original(name);
        passedFields.add(field);
        Space space = ArraySpaces.NONE.of(field);
        yield EnumSet.of(space == Space.CONSTANT ? Space.GLOBAL : space);
      }
      case Origin.Given(int slot) -> EnumSet.copyOf(mine.getOrDefault(slot, GLOBAL));
      case Origin.Made() -> EnumSet.of(Space.PRIVATE);
    };
  }

  /** Among how many kinds of memory a choice between arrays is; those given are not counted. */
  int spacesOf(Set<Origin> origins) {
    Set<Space> spaces = EnumSet.noneOf(Space.class);
    for (Origin origin : origins) {
      if (!(origin instanceof Origin.Given)) {
        spaces.addAll(spaces(origin, Map.of()));
      }
    }
    return spaces.size();
  }

  int dimensions(String field) {
    return KernelTypes.dimensions(flat.original(field).getType().descriptorString());
  }

  /** What the memory of arrays must be in the text, beyond what fields say of themselves. */
  ArraySpaces spaces() {
    Map<String, Map<Integer, Space>> parameters = new HashMap<>();
    given.forEach(
        (method, slots) ->
            slots.forEach(
                (slot, spaces) -> {
                  Space space = spaces.iterator().next();
                  if (space != Space.GLOBAL) {
                    parameters
                        .computeIfAbsent(method.name(), k -> new HashMap<>())
                        .put(slot, space);
                  }
                }));
    return new ArraySpaces(parameters, passedFields);
  }
}
