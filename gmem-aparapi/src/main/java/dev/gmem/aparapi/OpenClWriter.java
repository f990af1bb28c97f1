package dev.gmem.aparapi;

import com.aparapi.internal.exception.CodeGenException;
import com.aparapi.internal.instruction.Instruction;
import com.aparapi.internal.instruction.InstructionSet.AccessArrayElement;
import com.aparapi.internal.instruction.InstructionSet.AssignToArrayElement;
import com.aparapi.internal.instruction.InstructionSet.BinaryOperator;
import com.aparapi.internal.instruction.InstructionSet.ByteCode;
import com.aparapi.internal.instruction.InstructionSet.ConditionalBranch16;
import com.aparapi.internal.instruction.InstructionSet.Constant;
import com.aparapi.internal.instruction.InstructionSet.IfUnary;
import com.aparapi.internal.instruction.InstructionSet.MethodCall;
import com.aparapi.internal.instruction.InstructionSet.UnaryOperator;
import com.aparapi.internal.model.ClassModel.ConstantPool.MethodEntry;
import com.aparapi.internal.model.Entrypoint;
import com.aparapi.internal.writer.KernelWriter;
import java.util.Set;

/**
 * Aparapi's generator, with those expressions of Java that mean something else in C, or nothing,
 * written so that they mean the same. Threads: one.
 */
final class OpenClWriter extends KernelWriter {
  private static final Set<ByteCode> SUMS = Set.of(ByteCode.IADD, ByteCode.ISUB, ByteCode.IMUL);

  private final StringBuilder text = new StringBuilder();

  private OpenClWriter() {}

  /** The kernel in OpenCL C. */
  static String text(Entrypoint entry) throws CodeGenException {
    OpenClWriter writer = new OpenClWriter();
    writer.write(entry);
    return writer.text.toString();
  }

  @Override
  public void write(String part) {
    text.append(part);
  }

  @Override
  public void writeInstruction(Instruction instruction) throws CodeGenException {
    switch (instruction.getByteCode()) {
      // Otherwise the result would stay unsigned, and so would what is computed from it.
      case IUSHR -> writeBinary(instruction, "((int)((unsigned int)(", ") >> (", ")))");
      case LUSHR -> writeBinary(instruction, "((long)((unsigned long)(", ") >> (", ")))");
      // In C, overflow of signed numbers is undefined, and compilers make use of it.
      case IADD -> writeWrapping(instruction, "int", " + ");
      case ISUB -> writeWrapping(instruction, "int", " - ");
      case IMUL -> writeWrapping(instruction, "int", " * ");
      case LADD -> writeWrapping(instruction, "long", " + ");
      case LSUB -> writeWrapping(instruction, "long", " - ");
      case LMUL -> writeWrapping(instruction, "long", " * ");
      case FREM, DREM -> writeBinary(instruction, "fmod(", ", ", ")");
      // In C, what does not fit is undefined.
      case F2I, D2I -> writeUnary(instruction, "convert_int_sat_rtz(", ")");
      case F2L, D2L -> writeUnary(instruction, "convert_long_sat_rtz(", ")");
      // Otherwise the minus of a negative number would be a decrement.
      case FNEG, DNEG -> writeUnary(instruction, "(-(", "))");
      case INEG -> writeUnary(instruction, "((int)(0u - (unsigned int)(", ")))");
      case LNEG -> writeUnary(instruction, "((long)(0ul - (unsigned long)(", ")))");
      default -> {
        if (isMinimum(instruction)) {
          write(instruction.getByteCode() == ByteCode.LDC2_W ? "LONG_MIN" : "INT_MIN");
        } else {
          super.writeInstruction(instruction);
        }
      }
    }
  }

  /** Sizes and ids are unsigned and 64 bits wide there, and would make comparisons so. */
  @Override
  public void writeMethod(MethodCall call, MethodEntry method) throws CodeGenException {
    String name = method.getNameAndTypeEntry().getNameUTF8Entry().getUTF8();
    String type = method.getNameAndTypeEntry().getDescriptorUTF8Entry().getUTF8();
    boolean place = type.endsWith(")I") && javaToCLIdentifierMap.containsKey(name + type);
    write(place ? "((int)" : "");
    super.writeMethod(call, method);
    write(place ? ")" : "");
  }

  /** The difference of numbers may overflow, and have the other sign. */
  @Override
  public void writeConditionalBranch16(ConditionalBranch16 branch, boolean invert)
      throws CodeGenException {
    if (branch instanceof IfUnary unary && unary.getUnary().getByteCode() == ByteCode.LCMP) {
      writeInstruction(unary.getUnary().getFirstChild());
      write(branch.getOperator().getText(invert));
      writeInstruction(unary.getUnary().getLastChild());
    } else {
      super.writeConditionalBranch16(branch, invert);
    }
  }

  /** In C, the digits would be a positive number of a larger type. */
  private static boolean isMinimum(Instruction instruction) {
    return instruction instanceof Constant<?> constant
        && (constant.getValue().equals(Integer.MIN_VALUE)
            || constant.getValue().equals(Long.MIN_VALUE));
  }

  private void writeWrapping(Instruction instruction, String type, String operator)
      throws CodeGenException {
    if (isIndex(instruction)) {
      super.writeInstruction(instruction);
    } else {
      String cast = "(unsigned " + type + ")(";
      writeBinary(instruction, "((" + type + ")(" + cast, ")" + operator + cast, ")))");
    }
  }

  /**
   * Whether sums and products lead to the index of an array directly. An overflow would be an index
   * out of bounds, and compilers address arrays better if there is none.
   */
  private static boolean isIndex(Instruction instruction) {
    Instruction inner = instruction;
    Instruction outer = instruction.getParentExpr();
    while (outer != null && SUMS.contains(outer.getByteCode())) {
      inner = outer;
      outer = outer.getParentExpr();
    }
    return outer instanceof AccessArrayElement access && access.getArrayIndex() == inner
        || outer instanceof AssignToArrayElement assign && assign.getArrayIndex() == inner;
  }

  private void writeBinary(Instruction instruction, String before, String between, String after)
      throws CodeGenException {
    BinaryOperator operator = (BinaryOperator) instruction;
    write(before);
    writeInstruction(operator.getLhs());
    write(between);
    writeInstruction(operator.getRhs());
    write(after);
  }

  private void writeUnary(Instruction instruction, String before, String after)
      throws CodeGenException {
    write(before);
    writeInstruction(((UnaryOperator) instruction).getUnary());
    write(after);
  }
}
