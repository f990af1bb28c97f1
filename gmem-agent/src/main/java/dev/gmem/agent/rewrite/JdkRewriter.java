package dev.gmem.agent.rewrite;

import java.util.HashSet;
import java.util.Set;
import net.bytebuddy.jar.asm.AnnotationVisitor;
import net.bytebuddy.jar.asm.ClassReader;
import net.bytebuddy.jar.asm.ClassVisitor;
import net.bytebuddy.jar.asm.ClassWriter;
import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/**
 * Rewrites the classes of the JDK that memory access goes through.
 *
 * <p>Guarantees: a class comes back either wholly rewritten, every access method of it, or not at
 * all; methods, fields and signatures stay what they are, so that a loaded class can be replaced;
 * methods that need no change are copied byte by byte.
 *
 * <p>Stateless; any thread may call any method.
 */
public final class JdkRewriter {
  /** Internal name of the class whose methods access memory. */
  public static final String ACCESS_CLASS = JdkNames.ACCESS;

  /** Internal name of the class that counts pins. */
  public static final String SESSION_CLASS = JdkNames.SHARED_SESSION;

  /** Internal name of the agent's class that all accesses ask. */
  public static final String GATE_CLASS = JdkNames.GATE;

  private JdkRewriter() {}

  /**
   * Rewrites {@code ScopedMemoryAccess}.
   *
   * @param original class file
   * @return class file
   * @throws UnknownJdkException if it has another shape than expected; names the first difference
   */
  public static byte[] rewriteAccess(byte[] original) {
    ClassReader reader = new ClassReader(original);
    ClassWriter writer = new ClassWriter(reader, 0);
    AccessVisitor visitor = new AccessVisitor(writer);
    reader.accept(visitor, ClassReader.SKIP_DEBUG);
    visitor.requireAll();
    return writer.toByteArray();
  }

  /**
   * Rewrites {@code SharedSession}: a pin asks the gate first.
   *
   * @param original class file
   * @return class file
   * @throws UnknownJdkException if it has another shape than expected
   */
  public static byte[] rewriteSession(byte[] original) {
    return SessionRewriter.rewrite(original);
  }

  /**
   * Rewrites {@code GmGate}, the agent's own class, into one of its two forms.
   *
   * @param original class file, which is trusting
   * @return class file, which is careful
   */
  public static byte[] rewriteGate(byte[] original) {
    return CarefulRewriter.rewrite(original);
  }

  private static final class AccessVisitor extends ClassVisitor {
    private final JdkShape shape = new JdkShape();
    private final Set<String> seen = new HashSet<>(1024);

    AccessVisitor(ClassVisitor target) {
      super(Opcodes.ASM9, target);
    }

    @Override
    public MethodVisitor visitMethod(
        int access, String name, String descriptor, String signature, String[] exceptions) {
      MethodVisitor target = super.visitMethod(access, name, descriptor, signature, exceptions);
      ScopedMethod method = shape.internal(name);
      if (method != null) {
        requireOnce(name, method, descriptor);
        return new Scoped(new InternalRewriter(target, method), name);
      }
      method = shape.wrapper(name);
      if (method != null) {
        requireOnce(name, method, descriptor);
        boolean isStatic = (access & Opcodes.ACC_STATIC) != 0;
        Parameters parameters = new Parameters(name, descriptor, isStatic);
        return new WrapperRewriter(target, method, parameters, Type.getReturnType(descriptor));
      }
      return new NotScoped(target, name);
    }

    private void requireOnce(String name, ScopedMethod method, String descriptor) {
      if (!seen.add(name)) {
        throw new UnknownJdkException("ScopedMemoryAccess has two methods " + name);
      }
      if (method.valueType != null && !descriptor.startsWith(JdkNames.VALUE_PARAMETERS)) {
        throw new UnknownJdkException(name + " has the descriptor " + descriptor);
      }
    }

    void requireAll() {
      for (ScopedMethod method : shape.methods()) {
        require(method.wrapperName);
        require(method.internalName);
      }
    }

    private void require(String name) {
      if (!seen.contains(name)) {
        throw new UnknownJdkException("ScopedMemoryAccess has no method " + name);
      }
    }
  }

  /** Makes sure that the handshake knows a method. */
  private static final class Scoped extends MethodVisitor {
    private final String name;
    private boolean scoped;

    Scoped(MethodVisitor target, String name) {
      super(Opcodes.ASM9, target);
      this.name = name;
    }

    @Override
    public AnnotationVisitor visitAnnotation(String descriptor, boolean visible) {
      scoped |= descriptor.equals(JdkNames.SCOPED);
      return super.visitAnnotation(descriptor, visible);
    }

    @Override
    public void visitEnd() {
      if (!scoped) {
        throw new UnknownJdkException(name + " is not annotated with @Scoped");
      }
      super.visitEnd();
    }
  }

  /** Makes sure that a method that no rule knows is none that accesses memory. */
  private static final class NotScoped extends MethodVisitor {
    private final String name;

    NotScoped(MethodVisitor target, String name) {
      super(Opcodes.ASM9, target);
      this.name = name;
    }

    @Override
    public AnnotationVisitor visitAnnotation(String descriptor, boolean visible) {
      if (descriptor.equals(JdkNames.SCOPED)) {
        throw new UnknownJdkException("ScopedMemoryAccess has an unknown access method " + name);
      }
      return super.visitAnnotation(descriptor, visible);
    }
  }
}
