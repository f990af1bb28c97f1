package dev.gmem.aparapi;

import dev.gmem.kernel.WorkItem;
import java.util.function.IntBinaryOperator;

/**
 * The superclass of a kernel's copy: what Aparapi's {@code Kernel} gives a work item, as the device
 * has it. Methods have the names and descriptors of {@code Kernel}'s, arrays being {@link
 * ArrayView}s; whatever {@code Kernel} defines in terms of these, and its mathematics, is copied
 * from its own bytecode.
 *
 * <p>Threads: one at a time.
 */
abstract class DeviceItem {
  private WorkItem place;
  private int passId;

  /** How a barrier waits; null where a group has one item. */
  private Runnable barrier;

  /** Reads the fields of the kernel from a launch's arguments. Generated. */
  abstract void load(FieldSource source);

  /** Runs one work item. Generated. */
  abstract void execute();

  final void place(WorkItem item) {
    place = item;
  }

  final void pass(int id) {
    passId = id;
  }

  final void barrier(Runnable wait) {
    barrier = wait;
  }

  final int getGlobalId() {
    return getGlobalId(0);
  }

  final int getGlobalId(int dimension) {
    return (int) place.globalId(dimension);
  }

  final int getGlobalSize() {
    return getGlobalSize(0);
  }

  final int getGlobalSize(int dimension) {
    return (int) place.globalSize(dimension);
  }

  final int getLocalId() {
    return getLocalId(0);
  }

  final int getLocalId(int dimension) {
    return (int) place.localId(dimension);
  }

  final int getLocalSize() {
    return getLocalSize(0);
  }

  final int getLocalSize(int dimension) {
    return (int) place.localSize(dimension);
  }

  final int getGroupId() {
    return getGroupId(0);
  }

  final int getGroupId(int dimension) {
    return (int) place.groupId(dimension);
  }

  final int getNumGroups() {
    return getNumGroups(0);
  }

  final int getNumGroups(int dimension) {
    return (int) (place.globalSize(dimension) / place.localSize(dimension));
  }

  final int getPassId() {
    return passId;
  }

  final void localBarrier() {
    if (barrier != null) {
      barrier.run();
    }
  }

  final void globalBarrier() {
    localBarrier();
  }

  final void localGlobalBarrier() {
    localBarrier();
  }

  final int atomicAdd(ArrayView array, int index, int delta) {
    return array.getAndAdd(index, delta);
  }

  final int atomicGet(ArrayView element) {
    return element.getAndAdd(0, 0);
  }

  final void atomicSet(ArrayView element, int value) {
    atomicXchg(element, value);
  }

  final int atomicAdd(ArrayView element, int delta) {
    return element.getAndAdd(0, delta);
  }

  final int atomicSub(ArrayView element, int delta) {
    return element.getAndAdd(0, -delta);
  }

  final int atomicXchg(ArrayView element, int value) {
    return update(element, value, (old, given) -> given);
  }

  final int atomicInc(ArrayView element) {
    return element.getAndAdd(0, 1);
  }

  final int atomicDec(ArrayView element) {
    return element.getAndAdd(0, -1);
  }

  final int atomicCmpXchg(ArrayView element, int expected, int value) {
    return element.compareAndExchange(0, expected, value);
  }

  final int atomicMin(ArrayView element, int value) {
    return update(element, value, Math::min);
  }

  final int atomicMax(ArrayView element, int value) {
    return update(element, value, Math::max);
  }

  final int atomicAnd(ArrayView element, int value) {
    return update(element, value, (a, b) -> a & b);
  }

  final int atomicOr(ArrayView element, int value) {
    return update(element, value, (a, b) -> a | b);
  }

  final int atomicXor(ArrayView element, int value) {
    return update(element, value, (a, b) -> a ^ b);
  }

  private static int update(ArrayView element, int value, IntBinaryOperator operator) {
    int seen = element.getAndAdd(0, 0);
    while (true) {
      int found = element.compareAndExchange(0, seen, operator.applyAsInt(seen, value));
      if (found == seen) {
        return seen;
      }
      seen = found;
    }
  }
}
