package dev.gmem.opencl;

/** Which handler the process has for each signal. */
interface SignalTable {
  /** One more than the last signal that is looked at; the first is 1. */
  int END = 32;

  /**
   * What happens on a signal, as the kernel has it.
   *
   * @param handler the function's address; 0 is the default action, 1 to ignore it
   */
  record Action(long handler, long flags, long restorer, long mask) {
    /** The same with another function, which takes the same arguments. */
    Action calling(long other) {
      return new Action(other, flags, restorer, mask);
    }
  }

  /** Whether there is a handler to be had: there is none for what cannot be caught. */
  boolean catches(int signal);

  Action action(int signal);

  void set(int signal, Action action);
}
