package dev.gmem.agent.rewrite;

/** Names of the JDK's classes and methods that the rewriter meets, and of the gate's. */
final class JdkNames {
  static final String ACCESS = "jdk/internal/misc/ScopedMemoryAccess";
  static final String ACCESS_ERROR = "jdk/internal/misc/ScopedMemoryAccess$ScopedAccessError";
  static final String SCOPED = "Ljdk/internal/misc/ScopedMemoryAccess$Scoped;";
  static final String SESSION = "jdk/internal/foreign/MemorySessionImpl";
  static final String SHARED_SESSION = "jdk/internal/foreign/SharedSession";
  static final String SEGMENT = "jdk/internal/foreign/AbstractMemorySegmentImpl";
  static final String VECTOR_SUPPORT = "jdk/internal/vm/vector/VectorSupport";
  static final String CHECK = "checkValidStateRaw";
  static final String ACQUIRE = "acquire0";

  static final String GATE = "jdk/internal/foreign/GmGate";
  static final String SEATED = "jdk/internal/foreign/GmSeated";
  static final String BULK = "jdk/internal/foreign/GmBulk";
  static final String VECTOR = "jdk/internal/foreign/GmVector";

  /**
   * Descriptor of the session, and of the parameters that every access to one value begins with.
   */
  static final String SESSION_DESCRIPTOR = "L" + SESSION + ";";

  static final String VALUE_PARAMETERS = "(" + SESSION_DESCRIPTOR + "Ljava/lang/Object;J";

  /** Descriptor of a question to the gate. */
  static final String QUESTION = "(" + SESSION_DESCRIPTOR + ")Z";

  private JdkNames() {}
}
