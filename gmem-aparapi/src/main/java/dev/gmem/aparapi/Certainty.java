package dev.gmem.aparapi;

import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Label;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.util.BitSet;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;

/**
 * Which instructions of a method are executed whatever happens, if the method ends: those that no
 * jump from before leads past, and that no return comes before. Whoever gets further has executed
 * them.
 *
 * @param certain places that are, by position among the elements of the code
 * @param stores how often a slot is written, by slot
 */
record Certainty(BitSet certain, Map<Integer, Integer> stores) {
  static final Certainty NOTHING = new Certainty(new BitSet(), Map.of());

  static Certainty of(CodeModel code) {
    Map<Label, Integer> places = new IdentityHashMap<>();
    int place = 0;
    for (CodeElement element : code) {
      if (element instanceof LabelTarget target) {
        places.put(target.label(), place);
      }
      place++;
    }
    BitSet certain = new BitSet();
    Map<Integer, Integer> stores = new HashMap<>();
    int uncertainUntil = 0;
    place = 0;
    for (CodeElement element : code) {
      certain.set(place, place >= uncertainUntil);
      switch (element) {
        case BranchInstruction branch ->
            uncertainUntil = Math.max(uncertainUntil, places.get(branch.target()));
        case ReturnInstruction end -> uncertainUntil = Integer.MAX_VALUE;
        case StoreInstruction store -> stores.merge(store.slot(), 1, Integer::sum);
        case IncrementInstruction increment -> stores.merge(increment.slot(), 1, Integer::sum);
        default -> {}
      }
      place++;
    }
    return new Certainty(certain, stores);
  }

  boolean at(int place) {
    return certain.get(place);
  }

  /** Whether a store is the only one to its slot, and executed whatever happens. */
  boolean isOnlyStore(int place, int slot) {
    return at(place) && stores.get(slot) == 1;
  }
}
