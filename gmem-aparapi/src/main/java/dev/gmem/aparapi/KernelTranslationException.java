package dev.gmem.aparapi;

import dev.gmem.KernelCompilationException;

/**
 * A kernel class uses something that cannot be translated. The message names the construct, the
 * class, the method and the source line, and says how to write it instead.
 */
public class KernelTranslationException extends KernelCompilationException {
  private static final long serialVersionUID = 1L;

  /** The class that the construct is in. */
  private final String className;

  /** The method that the construct is in. */
  private final String methodName;

  /** The source line, or 0. */
  private final int line;

  /**
   * Makes one.
   *
   * @param construct what cannot be translated
   * @param hint how to write it instead
   * @param className the class that it is in
   * @param methodName the method that it is in
   * @param line the source line, 0 if the class file does not tell
   * @param cause what the translator said, or null
   */
  public KernelTranslationException(
      String construct,
      String hint,
      String className,
      String methodName,
      int line,
      Throwable cause) {
    super(
        "a kernel cannot have "
            + construct
            + "; "
            + hint
            + ": class="
            + className
            + " method="
            + methodName
            + " line="
            + (line == 0 ? "unknown" : line),
        cause);
    this.className = className;
    this.methodName = methodName;
    this.line = line;
  }

  /**
   * Returns the class that the construct is in.
   *
   * @return its binary name
   */
  public String className() {
    return className;
  }

  /**
   * Returns the method that the construct is in.
   *
   * @return its name
   */
  public String methodName() {
    return methodName;
  }

  /**
   * Returns the source line.
   *
   * @return from 1; 0 if the class file does not tell
   */
  public int line() {
    return line;
  }
}
