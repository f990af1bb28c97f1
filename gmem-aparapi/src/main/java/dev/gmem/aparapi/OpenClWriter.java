package dev.gmem.aparapi;

import com.aparapi.Kernel;
import com.aparapi.internal.exception.CodeGenException;
import com.aparapi.internal.instruction.Instruction;
import com.aparapi.internal.instruction.InstructionSet.AccessArrayElement;
import com.aparapi.internal.instruction.InstructionSet.AccessLocalVariable;
import com.aparapi.internal.instruction.InstructionSet.AssignToArrayElement;
import com.aparapi.internal.instruction.InstructionSet.AssignToLocalVariable;
import com.aparapi.internal.instruction.InstructionSet.BinaryOperator;
import com.aparapi.internal.instruction.InstructionSet.Branch;
import com.aparapi.internal.instruction.InstructionSet.ByteCode;
import com.aparapi.internal.instruction.InstructionSet.CompositeInstruction;
import com.aparapi.internal.instruction.InstructionSet.CompositeWhileInstruction;
import com.aparapi.internal.instruction.InstructionSet.ConditionalBranch;
import com.aparapi.internal.instruction.InstructionSet.ConditionalBranch16;
import com.aparapi.internal.instruction.InstructionSet.Constant;
import com.aparapi.internal.instruction.InstructionSet.FieldArrayElementAssign;
import com.aparapi.internal.instruction.InstructionSet.FieldArrayElementIncrement;
import com.aparapi.internal.instruction.InstructionSet.I_IINC;
import com.aparapi.internal.instruction.InstructionSet.I_NEWARRAY;
import com.aparapi.internal.instruction.InstructionSet.IfUnary;
import com.aparapi.internal.instruction.InstructionSet.IncrementInstruction;
import com.aparapi.internal.instruction.InstructionSet.InlineAssignInstruction;
import com.aparapi.internal.instruction.InstructionSet.MethodCall;
import com.aparapi.internal.instruction.InstructionSet.MultiAssignInstruction;
import com.aparapi.internal.instruction.InstructionSet.Return;
import com.aparapi.internal.instruction.InstructionSet.UnaryOperator;
import com.aparapi.internal.model.ClassModel.ConstantPool.MethodEntry;
import com.aparapi.internal.model.ClassModel.LocalVariableInfo;
import com.aparapi.internal.model.Entrypoint;
import com.aparapi.internal.model.MethodModel;
import com.aparapi.internal.writer.KernelWriter;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Aparapi's generator, with those expressions of Java that mean something else in C, or nothing,
 * written so that they mean the same. Threads: one.
 */
final class OpenClWriter extends KernelWriter {
  /** Something that the generator would leave out, or write as if it did nothing. */
  static final class Lost extends CodeGenException {
    private static final long serialVersionUID = 1L;

    private final transient Instruction instruction;

    Lost(String what, Instruction instruction) {
      super(what);
      this.instruction = instruction;
    }

    Instruction instruction() {
      return instruction;
    }
  }

  /** In Java, a product is rounded before it is added to something. */
  static final String ROUNDED = "#pragma OPENCL FP_CONTRACT OFF\n";

  private static final Set<ByteCode> SUMS = Set.of(ByteCode.IADD, ByteCode.ISUB, ByteCode.IMUL);

  /**
   * Java divides the least number by -1; processors that trap then would end the JVM, and so would
   * a division by zero, whose result does not matter. The absolute value of the least number is
   * negative in Java; compilers of OpenCL C take it for positive, and divide or widen it as such.
   */
  private static final String FUNCTIONS =
      """
      int gmem_abs_int(int a) {
        return a < 0 ? (int)(0u - (unsigned int)a) : a;
      }
      long gmem_abs_long(long a) {
        return a < 0 ? (long)(0ul - (unsigned long)a) : a;
      }
      int gmem_div_int(int a, int b) {
        return b == -1 ? (int)(0u - (unsigned int)a) : a / (b == 0 ? 1 : b);
      }
      int gmem_rem_int(int a, int b) {
        return b == -1 ? 0 : a % (b == 0 ? 1 : b);
      }
      long gmem_div_long(long a, long b) {
        return b == -1 ? (long)(0ul - (unsigned long)a) : a / (b == 0 ? 1 : b);
      }
      long gmem_rem_long(long a, long b) {
        return b == -1 ? 0 : a % (b == 0 ? 1 : b);
      }
      """;

  private static final MethodTypeDesc ATOMIC_ADD = MethodTypeDesc.ofDescriptor("([III)I");

  private final StringBuilder text = new StringBuilder();
  private final Set<Instruction> written = Collections.newSetFromMap(new IdentityHashMap<>());

  /** Variables with an increment inside an expression. */
  private final Set<Object> incremented = Collections.newSetFromMap(new IdentityHashMap<>());

  /** What the statement that is being written changes by the way. */
  private final List<Change> changes = new ArrayList<>();

  /** A change of a variable inside of an expression, and how often the change itself names it. */
  private record Change(String variable, int uses) {
    static Change of(String variable, StringBuilder text, int start) {
      return new Change(variable, count(variable, text.substring(start)));
    }

    static int count(String variable, String text) {
      return (int) Pattern.compile("\\b" + variable + "\\b").matcher(text).results().count();
    }
  }

  /** What the block that is written next declares, one a line. */
  private String declarations = "";

  private OpenClWriter() {}

  /** The kernel in OpenCL C. */
  static String text(Entrypoint entry) throws CodeGenException {
    OpenClWriter writer = new OpenClWriter();
    writer.write(ROUNDED);
    int start = writer.text.length();
    writer.write(entry);
    if (writer.text.indexOf("gmem_") >= 0) {
      writer.text.insert(start, FUNCTIONS);
    }
    return writer.text.toString();
  }

  @Override
  public void write(String part) {
    text.append(part);
  }

  /** Writes the body of a method, and makes sure that all of it has been written. */
  @Override
  public void writeMethodBody(MethodModel method) throws CodeGenException {
    declarations = declarations(method);
    super.writeMethodBody(method);
    declarations = "";
    for (Instruction i = method.getPCHead(); i != null; i = i.getNextPC()) {
      if (!written.contains(i) && matters(i)) {
        throw new Lost("a statement that it would leave out", i);
      }
    }
  }

  /**
   * The variables of a method, declared at its beginning: in Java one may get its first value in
   * several places, each in a block of its own.
   */
  private String declarations(MethodModel method) throws Lost {
    Map<String, String> types = new LinkedHashMap<>();
    for (LocalVariableInfo variable : method.getLocalVariableTableEntry()) {
      if (variable.getStart() > 0) {
        String type = convertType(variable.getVariableDescriptor(), true, false);
        types.put(
            variable.getVariableName(),
            (variable.isArray() ? "__global " : "") + type + variable.getVariableName());
      }
    }
    Set<String> made = new HashSet<>();
    for (Instruction i = method.getPCHead(); i != null; i = i.getNextPC()) {
      if (i instanceof AssignToLocalVariable assign) {
        LocalVariableInfo variable = assign.getLocalVariableInfo();
        if (made.contains(variable.getVariableName())) {
          throw new Lost("a new array for a variable that has been declared before", i);
        }
        if (i.getFirstChild() instanceof I_NEWARRAY array) {
          made.add(variable.getVariableName());
          types.put(variable.getVariableName(), made(variable, array));
        }
      }
    }
    return types.values().stream().map(v -> v + ";\n").collect(Collectors.joining());
  }

  private String made(LocalVariableInfo variable, I_NEWARRAY array) {
    String type = convertType(variable.getVariableDescriptor(), true, true);
    return type + variable.getVariableName() + "[" + length(array) + "]";
  }

  private static int length(I_NEWARRAY array) {
    return ((Number) ((Constant<?>) array.getFirstChild()).getValue()).intValue();
  }

  @Override
  public void writeBlock(Instruction first, Instruction last) throws CodeGenException {
    if (declarations.isEmpty()) {
      super.writeBlock(first, last);
      return;
    }
    write("{");
    in();
    for (String each : declarations.split("(?<=\n)")) {
      newLine();
      write(each.strip());
    }
    declarations = "";
    writeSequence(first, last);
    out();
    newLine();
    write("}");
  }

  private boolean matters(Instruction instruction) {
    return switch (instruction) {
      case I_IINC increment -> !incremented.contains(increment.getLocalVariableInfo());
      case AssignToLocalVariable assign -> true;
      case AssignToArrayElement assign -> true;
      case MethodCall call -> true;
      case Return result -> true;
      case ConditionalBranch branch -> true;
      default -> false;
    };
  }

  private void noteWritten(Instruction instruction) {
    written.add(instruction);
    switch (instruction) {
      case InlineAssignInstruction assign ->
          written.add((Instruction) assign.getAssignToLocalVariable());
      case FieldArrayElementAssign assign -> written.add(assign.getAssignToArrayElement());
      case FieldArrayElementIncrement increment -> written.add(increment.getAssignToArrayElement());
      case IncrementInstruction increment
          when increment.getFieldOrVariableReference() instanceof AccessLocalVariable variable ->
          incremented.add(variable.getLocalVariableInfo());
      case MultiAssignInstruction assign -> {
        for (Instruction i = assign.getFrom(); i != null; i = i.getNextExpr()) {
          written.add(i);
          if (i == assign.getTo()) {
            return;
          }
        }
      }
      default -> {}
    }
  }

  /** The generator leaves out what is assigned right before the head of a loop without a step. */
  @Override
  public void writeComposite(CompositeInstruction composite) throws CodeGenException {
    if (composite instanceof CompositeWhileInstruction) {
      Instruction head = composite.getBranchSet().getFirst();
      for (Instruction i = composite.getFirstChild(); i != null && i != head; i = i.getNextExpr()) {
        newLine();
        writeInstruction(i);
        write(";");
      }
    }
    super.writeComposite(composite);
  }

  @Override
  public void writeInstruction(Instruction instruction) throws CodeGenException {
    int start = text.length();
    writeOne(instruction);
    if (instruction instanceof IncrementInstruction increment
        && increment.getFieldOrVariableReference() instanceof AccessLocalVariable variable) {
      changes.add(Change.of(variable.getLocalVariableInfo().getVariableName(), text, start));
    } else if (instruction instanceof InlineAssignInstruction assign) {
      String name = assign.getAssignToLocalVariable().getLocalVariableInfo().getVariableName();
      changes.add(Change.of(name, text, start));
    }
    if (instruction.getParentExpr() == null && !(instruction instanceof CompositeInstruction)) {
      checkOrder(instruction, start);
    }
  }

  /** In C, what an expression changes and what it reads elsewhere come in any order. */
  private void checkOrder(Instruction whole, int start) throws Lost {
    String written = text.substring(start);
    for (Change change : changes) {
      if (Change.count(change.variable(), written) > change.uses()) {
        throw new Lost("a variable that one statement changes and uses elsewhere", whole);
      }
    }
    changes.clear();
  }

  private void writeOne(Instruction instruction) throws CodeGenException {
    noteWritten(instruction);
    if (instruction instanceof Branch && !(instruction instanceof CompositeInstruction)) {
      throw new Lost("a jump that belongs to no statement it knows", instruction);
    }
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
      case IDIV -> writeDivision(instruction, "gmem_div_int(");
      case LDIV -> writeDivision(instruction, "gmem_div_long(");
      case IREM -> writeDivision(instruction, "gmem_rem_int(");
      case LREM -> writeDivision(instruction, "gmem_rem_long(");
      case IINC -> writeIncrement((I_IINC) instruction);
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
        } else if (instruction instanceof AssignToLocalVariable assign) {
          writeAssignment(assign, instruction.getFirstChild());
        } else {
          super.writeInstruction(instruction);
        }
      }
    }
  }

  /** A new array is the same one each time, which is all zeros again. */
  private void writeAssignment(AssignToLocalVariable assign, Instruction value)
      throws CodeGenException {
    String name = assign.getLocalVariableInfo().getVariableName();
    if (value instanceof I_NEWARRAY array) {
      written.add(value);
      write("for (int gmem_i = 0; gmem_i < " + length(array) + "; gmem_i++) ");
      write(name + "[gmem_i] = 0");
    } else {
      write(name + " = ");
      writeInstruction(value);
    }
  }

  @Override
  public void writeMethod(MethodCall call, MethodEntry method) throws CodeGenException {
    String name = method.getNameAndTypeEntry().getNameUTF8Entry().getUTF8();
    MethodTypeDesc type =
        MethodTypeDesc.ofDescriptor(
            method.getNameAndTypeEntry().getDescriptorUTF8Entry().getUTF8());
    String intrinsic = Kernel.getMappedMethodName(method);
    if (name.equals("atomicAdd") && type.equals(ATOMIC_ADD)) {
      // Its function is for global memory alone.
      write("atomic_add(&(");
      writeInstruction(call.getArg(0));
      write(")[");
      writeInstruction(call.getArg(1));
      write("], ");
      writeInstruction(call.getArg(2));
      write(")");
    } else if (type.returnType().descriptorString().equals("I")
        && javaToCLIdentifierMap.containsKey(name + type.descriptorString())) {
      // Sizes and ids are unsigned and 64 bits wide there, and would make comparisons so.
      write("((int)");
      super.writeMethod(call, method);
      write(")");
    } else if (intrinsic != null
        && type.parameterList().stream().allMatch(ClassDesc::isPrimitive)) {
      writeIntrinsic(call, intrinsic, type);
    } else {
      super.writeMethod(call, method);
    }
  }

  /** Arguments of several types would be ambiguous, and some results are unsigned. */
  private void writeIntrinsic(MethodCall call, String name, MethodTypeDesc type)
      throws CodeGenException {
    String result = openCl(type.returnType());
    boolean wraps = name.equals("abs") && (result.equals("int") || result.equals("long"));
    write("((" + result + ")" + (wraps ? "gmem_abs_" + result : name) + "(");
    for (int i = 0; i < type.parameterCount(); i++) {
      write((i == 0 ? "(" : ", (") + openCl(type.parameterType(i)) + ")(");
      writeInstruction(call.getArg(i));
      write(")");
    }
    write("))");
  }

  private String openCl(ClassDesc type) {
    return convertType(type.displayName(), false, false).trim();
  }

  /** The difference of numbers may overflow, and have the other sign; and some are not numbers. */
  @Override
  public void writeConditionalBranch16(ConditionalBranch16 branch, boolean invert)
      throws CodeGenException {
    noteWritten(branch);
    int start = text.length();
    writeCondition(branch, invert);
    checkOrder((Instruction) branch, start);
  }

  private void writeCondition(ConditionalBranch16 branch, boolean invert) throws CodeGenException {
    ByteCode compared =
        branch instanceof IfUnary unary ? unary.getUnary().getByteCode() : ByteCode.NOP;
    switch (compared) {
      case LCMP -> writeComparison((IfUnary) branch, "", invert, "");
      case FCMPL, DCMPL -> writeFloating((IfUnary) branch, invert, -1);
      case FCMPG, DCMPG -> writeFloating((IfUnary) branch, invert, 1);
      default -> super.writeConditionalBranch16(branch, invert);
    }
  }

  private void writeComparison(IfUnary branch, String before, boolean invert, String after)
      throws CodeGenException {
    write(before);
    writeInstruction(branch.getUnary().getFirstChild());
    write(branch.getOperator().getText(invert));
    writeInstruction(branch.getUnary().getLastChild());
    write(after);
  }

  /**
   * In C, every comparison with NaN but the unequal is false, and so the inverse of a comparison is
   * not always another one. In bytecode, it has the result of what is greater, or less.
   */
  private void writeFloating(IfUnary branch, boolean invert, int ofNotANumber)
      throws CodeGenException {
    boolean jumps =
        switch (branch.getOperator().getText(false).strip()) {
          case "<", "<=" -> ofNotANumber < 0;
          case ">", ">=" -> ofNotANumber > 0;
          case "!=" -> true;
          default -> false;
        };
    boolean inC = branch.getOperator().getText(invert).strip().equals("!=");
    if ((jumps != invert) == inC) {
      writeComparison(branch, "", invert, "");
    } else {
      writeComparison(branch, "!(", !invert, ")");
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

  /** A loop that ends by an overflow would be taken for one without an end. */
  private void writeIncrement(I_IINC increment) {
    String name = increment.getLocalVariableInfo().getVariableName();
    write(
        name
            + " = (int)((unsigned int)"
            + name
            + " + (unsigned int)"
            + increment.getAdjust()
            + ")");
  }

  private void writeDivision(Instruction instruction, String function) throws CodeGenException {
    boolean plain =
        ((BinaryOperator) instruction).getRhs() instanceof Constant<?> constant
            && constant.getValue() instanceof Number by
            && by.longValue() != 0
            && by.longValue() != -1;
    if (plain) {
      super.writeInstruction(instruction);
    } else {
      writeBinary(instruction, function, ", ", ")");
    }
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
