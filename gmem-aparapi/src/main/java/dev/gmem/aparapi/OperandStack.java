package dev.gmem.aparapi;

import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.Predicate;

/**
 * The operand stack of a method whose code is followed from its first element to its last. What an
 * operand may be is merged where jumps meet. Threads: one.
 *
 * @param <T> what is known of an operand
 */
class OperandStack<T> {
  private final Predicate<T> wide;
  private final BinaryOperator<T> either;
  private final Map<Label, List<T>> stacksAt = new IdentityHashMap<>();
  private List<T> stack = new ArrayList<>();
  private boolean reachable = true;

  /**
   * Makes an empty one.
   *
   * @param wide whether an operand takes two slots
   * @param either what is known of an operand that is one or the other
   */
  OperandStack(Predicate<T> wide, BinaryOperator<T> either) {
    this.wide = wide;
    this.either = either;
  }

  /** Whether what comes next can be reached, from what has been seen so far. */
  boolean isReachable() {
    return reachable;
  }

  /** How many operands there are, wide ones counting once. */
  int depth() {
    return stack.size();
  }

  void push(T operand) {
    stack.add(operand);
  }

  T pop() {
    return stack.removeLast();
  }

  /** Comes to a place that is jumped to. */
  void arrive(Label label) {
    List<T> there = stacksAt.get(label);
    if (there == null) {
      if (!reachable) {
        stack = new ArrayList<>();
      }
    } else if (!reachable) {
      stack = new ArrayList<>(there);
    } else {
      merge(stack, there);
    }
    reachable = true;
  }

  /** Jumps there, or goes on. */
  void leaveFor(Label label) {
    List<T> there = stacksAt.get(label);
    if (there == null) {
      stacksAt.put(label, new ArrayList<>(stack));
    } else {
      merge(there, stack);
    }
  }

  /** Does not go on. */
  void end() {
    reachable = false;
  }

  private void merge(List<T> into, List<T> other) {
    var next = other.iterator();
    into.replaceAll(operand -> either.apply(operand, next.next()));
  }

  /** Pops what a jump compares, and jumps. */
  void branch(Opcode opcode, Label target) {
    switch (opcode) {
      case GOTO, GOTO_W -> {}
      case IFEQ, IFNE, IFLT, IFGE, IFGT, IFLE, IFNULL, IFNONNULL -> pop();
      default -> {
        pop();
        pop();
      }
    }
    leaveFor(target);
    if (opcode == Opcode.GOTO || opcode == Opcode.GOTO_W) {
      end();
    }
  }

  /** Operands of two slots are one entry here, so what moves depends on what is there. */
  void shuffle(Opcode opcode) {
    switch (opcode) {
      case POP -> pop();
      case POP2 -> popSlots(2);
      case DUP -> insert(popSlots(1), 0);
      case DUP_X1 -> insert(popSlots(1), 1);
      case DUP_X2 -> insert(popSlots(1), 2);
      case DUP2 -> insert(popSlots(2), 0);
      case DUP2_X1 -> insert(popSlots(2), 1);
      case DUP2_X2 -> insert(popSlots(2), 2);
      default -> {
        T top = pop();
        stack.add(stack.size() - 1, top);
      }
    }
  }

  /** Puts operands back on top, and once more below so many slots. */
  private void insert(List<T> moved, int slotsBetween) {
    List<T> between = popSlots(slotsBetween);
    stack.addAll(moved);
    stack.addAll(between);
    stack.addAll(moved);
  }

  private List<T> popSlots(int slots) {
    List<T> popped = new ArrayList<>();
    for (int left = slots; left > 0; ) {
      T top = pop();
      popped.addFirst(top);
      left -= wide.test(top) ? 2 : 1;
    }
    return popped;
  }
}
