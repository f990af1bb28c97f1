package dev.gmem.bench.jvm;

/** Does nothing; with an argument, fails unless the agent is attached. */
public final class EmptyProgram {
  private EmptyProgram() {}

  /**
   * Returns at once.
   *
   * @param args none, or anything to look for the agent
   * @throws ReflectiveOperationException if it was looked for and is not attached
   */
  public static void main(String[] args) throws ReflectiveOperationException {
    if (args.length > 0) {
      Class.forName("dev.gmem.agent.GmemAgent").getMethod("counters").invoke(null);
    }
  }
}
