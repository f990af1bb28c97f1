package dev.gmem.agent.rewrite;

/** Writes the part of a wrapper that makes its access on a seat. */
interface SeatedAccess {
  /** Writes code that leaves a boolean on the stack: whether the access is to be made that way. */
  void emitQuestion();

  /** Writes code that makes the access and returns its result. */
  void emitAccess();
}
