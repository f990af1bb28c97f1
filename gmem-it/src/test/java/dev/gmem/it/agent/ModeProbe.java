package dev.gmem.it.agent;

/** Prints the mode of accesses to memory that nobody has taken away yet. */
final class ModeProbe {
  private ModeProbe() {}

  public static void main(String[] args) throws ReflectiveOperationException {
    try (Twin twin = new Twin(4096, 4096)) {
      twin.segment().fill((byte) 1);
      Class<?> mode = Class.forName("jdk.internal.foreign.GmMode", false, null);
      System.out.println("careful=" + mode.getMethod("isCareful").invoke(null));
    }
  }
}
