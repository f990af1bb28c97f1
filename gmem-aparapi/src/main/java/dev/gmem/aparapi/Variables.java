package dev.gmem.aparapi;

import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LocalVariable;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The variables of a method, as its bytecode tells: all stores that one load may read, and all
 * loads that read one of them, are of one variable. A class file need not say what variables there
 * are, and says only for a part of the method what is in a slot; in a method of a {@link
 * FlatKernel} each variable has a slot of its own, from the beginning to the end.
 *
 * <p>Threads: one.
 */
final class Variables {
  /**
   * A variable.
   *
   * @param slot its own
   * @param name what the class file calls it, or one that is made up
   * @param type of its values; all that is an int on the stack is an int unless the class file says
   *     more
   */
  record Variable(int slot, String name, ClassDesc type) {}

  private final KernelMethod method;
  private final List<CodeElement> code;

  /** Another place of the same variable, or the place itself; those of parameters are negative. */
  private final Map<Integer, Integer> same = new HashMap<>();

  /** The first place of each variable, parameters before others, and the variable. */
  private final Map<Integer, Variable> variables = new LinkedHashMap<>();

  /** Finds the variables of a method that keeps to {@link KernelRules}. */
  Variables(KernelMethod method) {
    this.method = method;
    code = method.code().elementList();
    unite();
    Map<Integer, ClassDesc> arrays = new ArrayTypes(method, this).find();
    name(arrays);
  }

  /** All of them, parameters first; not the kernel itself. */
  List<Variable> all() {
    return List.copyOf(variables.values());
  }

  /** How many of them are parameters. */
  int parameters() {
    return (int) variables.keySet().stream().filter(place -> place < 0).count();
  }

  /** The slot for what an instruction reads or writes. */
  int slotAt(int place) {
    Variable found = variables.get(rootAt(place));
    return found == null ? 0 : found.slot();
  }

  /** One number for all places of a variable: the least. */
  int rootAt(int place) {
    int next = same.getOrDefault(place, place);
    return next == place ? place : rootAt(next);
  }

  /** The place that stands for a parameter. */
  static int placeOfParameter(int slot) {
    return -1 - slot;
  }

  private void unite() {
    Map<Label, Map<Integer, Set<Integer>>> storesAt = new IdentityHashMap<>();
    boolean changed;
    do {
      changed = followStores(storesAt);
    } while (changed);
  }

  /** Goes through the method once; true if more stores have reached some label than before. */
  private boolean followStores(Map<Label, Map<Integer, Set<Integer>>> storesAt) {
    Map<Integer, Set<Integer>> stores = new HashMap<>();
    int parameterSlots =
        KernelTypes.slots(method.model().methodTypeSymbol()) + (method.isStatic() ? 0 : 1);
    for (int slot = 0; slot < parameterSlots; slot++) {
      stores.put(slot, Set.of(placeOfParameter(slot)));
    }
    boolean changed = false;
    boolean reachable = true;
    for (int place = 0; place < code.size(); place++) {
      switch (code.get(place)) {
        case LabelTarget target -> {
          if (reachable) {
            changed |= add(stores, storesAt, target.label());
          }
          stores = new HashMap<>(storesAt.getOrDefault(target.label(), Map.of()));
          reachable = true;
        }
        case BranchInstruction branch -> {
          changed |= add(stores, storesAt, branch.target());
          reachable = branch.opcode() != Opcode.GOTO && branch.opcode() != Opcode.GOTO_W;
        }
        case ReturnInstruction end -> reachable = false;
        case LoadInstruction load -> unite(place, stores.getOrDefault(load.slot(), Set.of()));
        case StoreInstruction store -> stores.put(store.slot(), Set.of(place));
        case IncrementInstruction increment -> {
          unite(place, stores.getOrDefault(increment.slot(), Set.of()));
          stores.put(increment.slot(), Set.of(place));
        }
        default -> {}
      }
    }
    return changed;
  }

  private static boolean add(
      Map<Integer, Set<Integer>> stores,
      Map<Label, Map<Integer, Set<Integer>>> storesAt,
      Label label) {
    Map<Integer, Set<Integer>> there = storesAt.computeIfAbsent(label, k -> new HashMap<>());
    boolean changed = false;
    for (var entry : stores.entrySet()) {
      changed |=
          there.computeIfAbsent(entry.getKey(), k -> new HashSet<>()).addAll(entry.getValue());
    }
    return changed;
  }

  private void unite(int place, Set<Integer> others) {
    for (int other : others) {
      int a = rootAt(place);
      int b = rootAt(other);
      same.put(Math.max(a, b), Math.min(a, b));
    }
  }

  private void name(Map<Integer, ClassDesc> arrays) {
    Names names = new Names(code);
    int slot = method.isStatic() ? 0 : 1;
    for (ClassDesc type : method.model().methodTypeSymbol().parameterList()) {
      String name = names.ofParameter(slot);
      variables.put(
          placeOfParameter(slot), new Variable(slot, name == null ? "p_" + slot : name, type));
      slot += TypeKind.from(type).slotSize();
    }
    Map<Integer, TypeKind> kinds = new LinkedHashMap<>();
    Map<Integer, LocalVariable> told = new HashMap<>();
    for (int place = 0; place < code.size(); place++) {
      TypeKind kind = kindOf(code.get(place));
      if (kind != null) {
        kinds.putIfAbsent(rootAt(place), kind);
        LocalVariable variable = names.at(place);
        if (variable != null) {
          told.putIfAbsent(rootAt(place), variable);
        }
      }
    }
    kinds.keySet().removeIf(variables::containsKey);
    if (!method.isStatic()) {
      kinds.remove(placeOfParameter(0));
    }
    for (var entry : kinds.entrySet()) {
      LocalVariable variable = told.get(entry.getKey());
      ClassDesc plain = variable != null ? variable.typeSymbol() : entry.getValue().upperBound();
      ClassDesc type = arrays.getOrDefault(entry.getKey(), plain);
      String name = variable == null ? "v_" + variables.size() : variable.name().stringValue();
      variables.put(entry.getKey(), new Variable(slot, name, type));
      slot += entry.getValue().slotSize();
    }
  }

  private static TypeKind kindOf(CodeElement element) {
    return switch (element) {
      case LoadInstruction load -> load.typeKind();
      case StoreInstruction store -> store.typeKind();
      case IncrementInstruction increment -> TypeKind.INT;
      default -> null;
    };
  }

  /** What the class file says of slots. */
  private static final class Names {
    private final List<CodeElement> code;
    private final Map<Label, Integer> places = new IdentityHashMap<>();
    private final List<LocalVariable> told = new ArrayList<>();

    Names(List<CodeElement> code) {
      this.code = code;
      for (int place = 0; place < code.size(); place++) {
        switch (code.get(place)) {
          case LabelTarget target -> places.put(target.label(), place);
          case LocalVariable variable -> told.add(variable);
          default -> {}
        }
      }
    }

    String ofParameter(int slot) {
      LocalVariable found = at(slot, firstInstruction(0));
      return found == null ? null : found.name().stringValue();
    }

    /** What an instruction reads or writes; a store is the last before the variable begins. */
    LocalVariable at(int place) {
      return switch (code.get(place)) {
        case LoadInstruction load -> at(load.slot(), place);
        case StoreInstruction store -> at(store.slot(), firstInstruction(place + 1));
        case IncrementInstruction increment -> at(increment.slot(), place);
        default -> null;
      };
    }

    private int firstInstruction(int from) {
      int place = from;
      while (place < code.size() && !(code.get(place) instanceof Instruction)) {
        place++;
      }
      return place;
    }

    private LocalVariable at(int slot, int place) {
      for (LocalVariable each : told) {
        if (each.slot() == slot
            && places.get(each.startScope()) <= place
            && place <= places.get(each.endScope())) {
          return each;
        }
      }
      return null;
    }
  }
}
