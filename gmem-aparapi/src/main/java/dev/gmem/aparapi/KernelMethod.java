package dev.gmem.aparapi;

import java.lang.classfile.Attributes;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.LineNumber;
import java.lang.reflect.AccessFlag;

/**
 * A method that a kernel reaches.
 *
 * @param owner the class that declares it
 * @param model its bytecode
 */
record KernelMethod(Class<?> owner, MethodModel model) {
  String name() {
    return model.methodName().stringValue();
  }

  String descriptor() {
    return model.methodType().stringValue();
  }

  boolean isStatic() {
    return model.flags().has(AccessFlag.STATIC);
  }

  boolean isOfTheJdk() {
    return owner.getClassLoader() == null && owner.getName().startsWith("java.");
  }

  CodeModel code() {
    return model.code().orElseThrow();
  }

  /** The name of the source file, as the class file tells it or by convention. */
  String sourceFile() {
    return model
        .parent()
        .flatMap(c -> c.findAttribute(Attributes.sourceFile()))
        .map(a -> a.sourceFile().stringValue())
        .orElseGet(() -> owner.getName().replaceAll("^.*\\.|\\$.*$", "") + ".java");
  }

  /** The first line that the class file tells; 0 if none. */
  int firstLine() {
    return model.code().stream()
        .flatMap(CodeModel::elementStream)
        .filter(LineNumber.class::isInstance)
        .mapToInt(element -> ((LineNumber) element).line())
        .findFirst()
        .orElse(0);
  }

  /**
   * The line of the instruction at an offset of the bytecode; 0 if the class file does not tell.
   */
  int lineAt(int offset) {
    int line = 0;
    int at = 0;
    for (CodeElement element : code()) {
      if (element instanceof LineNumber number && at <= offset) {
        line = number.line();
      } else if (element instanceof Instruction instruction) {
        at += instruction.sizeInBytes();
      }
    }
    return line;
  }

  KernelTranslationException refused(String construct, String hint, int line) {
    return refused(construct, hint, line, null);
  }

  KernelTranslationException refused(String construct, String hint, int line, Throwable cause) {
    return new KernelTranslationException(construct, hint, owner.getName(), name(), line, cause);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof KernelMethod that
        && owner == that.owner
        && name().equals(that.name())
        && descriptor().equals(that.descriptor());
  }

  @Override
  public int hashCode() {
    return 31 * owner.hashCode() + name().hashCode();
  }

  @Override
  public String toString() {
    return owner.getName() + "." + name() + descriptor();
  }
}
