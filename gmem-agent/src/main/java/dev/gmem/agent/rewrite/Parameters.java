package dev.gmem.agent.rewrite;

import net.bytebuddy.jar.asm.MethodVisitor;
import net.bytebuddy.jar.asm.Opcodes;
import net.bytebuddy.jar.asm.Type;

/** A method's parameters and the local variables that hold them. Immutable. */
final class Parameters {
  private final String method;
  private final Type[] types;
  private final int[] slots;

  Parameters(String method, String descriptor, boolean isStatic) {
    this.method = method;
    this.types = Type.getArgumentTypes(descriptor);
    this.slots = new int[types.length];
    int slot = isStatic ? 0 : 1;
    for (int i = 0; i < types.length; i++) {
      slots[i] = slot;
      slot += types[i].getSize();
    }
  }

  int slot(int parameter) {
    return slots[parameter];
  }

  /** Returns the first parameter of a type. */
  int first(Type type) {
    for (int i = 0; i < types.length; i++) {
      if (types[i].equals(type)) {
        return i;
      }
    }
    throw new UnknownJdkException(method + " has no parameter of type " + type.getClassName());
  }

  /** Makes sure of a parameter's type. */
  void expect(int parameter, Type type) {
    if (parameter >= types.length || !types[parameter].equals(type)) {
      throw new UnknownJdkException(
          "parameter " + parameter + " of " + method + " is not of type " + type.getClassName());
    }
  }

  /** Loads all parameters, for a method that has the same. */
  void pass(MethodVisitor mv, String descriptor) {
    Type[] expected = Type.getArgumentTypes(descriptor);
    for (int i = 0; i < expected.length; i++) {
      expect(i, expected[i]);
      mv.visitVarInsn(expected[i].getOpcode(Opcodes.ILOAD), slots[i]);
    }
    if (types.length != expected.length) {
      throw new UnknownJdkException(
          method + " has " + types.length + " parameters, not " + expected.length);
    }
  }
}
