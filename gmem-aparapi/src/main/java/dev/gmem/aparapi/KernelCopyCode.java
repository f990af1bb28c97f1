package dev.gmem.aparapi;

import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LineNumber;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.NewPrimitiveArrayInstruction;
import java.lang.classfile.instruction.OperatorInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.Field;

/** Rewrites the code of one method for the copy of its kernel. Threads: one. */
final class KernelCopyCode {
  private final KernelCopy copy;
  private final KernelMethod method;
  private final CodeBuilder body;

  /** The slot that a static method finds its work item in; those behind it move up by one. */
  private final int itemSlot;

  KernelCopyCode(KernelCopy copy, KernelMethod method, CodeBuilder body) {
    this.copy = copy;
    this.method = method;
    this.body = body;
    itemSlot = method.isStatic() ? KernelTypes.slots(method.model().methodTypeSymbol()) : 0;
  }

  void write() {
    for (CodeElement element : method.code()) {
      switch (element) {
        case Instruction instruction -> write(instruction);
        case LabelTarget target -> body.with(target);
        case LineNumber line when copy.isOfTheSource(method) -> body.with(line);
        default -> {}
      }
    }
  }

  private void write(Instruction instruction) {
    switch (instruction) {
      case LoadInstruction load -> body.loadLocal(load.typeKind(), slot(load.slot()));
      case StoreInstruction store -> body.storeLocal(store.typeKind(), slot(store.slot()));
      case IncrementInstruction increment ->
          body.iinc(slot(increment.slot()), increment.constant());
      case FieldInstruction field when field.opcode() == Opcode.GETSTATIC -> constant(field);
      case FieldInstruction field ->
          body.getfield(
              copy.self(),
              copy.nameOf(field.name().stringValue()),
              KernelTypes.map(field.typeSymbol()));
      case ArrayLoadInstruction load -> load(load.opcode());
      case ArrayStoreInstruction store -> store(store.opcode());
      case OperatorInstruction operator when operator.opcode() == Opcode.ARRAYLENGTH ->
          view("length", CD_int);
      case NewPrimitiveArrayInstruction array -> {
        body.loadConstant(bytes(array.typeKind()));
        body.invokestatic(
            KernelTypes.VIEW, "allocate", MethodTypeDesc.of(KernelTypes.VIEW, CD_int, CD_int));
      }
      case InvokeInstruction call -> call(call);
      default -> body.with(instruction);
    }
  }

  /** Static fields are those of {@code Kernel} alone: numbers that its mathematics needs. */
  private void constant(FieldInstruction read) {
    try {
      Field field = copy.code().field(read);
      field.setAccessible(true);
      body.loadConstant((ConstantDesc) field.get(null));
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("a constant of Kernel cannot be read: " + read, e);
    }
  }

  private int slot(int slot) {
    return method.isStatic() && slot >= itemSlot ? slot + 1 : slot;
  }

  private static int bytes(TypeKind kind) {
    return switch (kind) {
      case BOOLEAN, BYTE -> Byte.BYTES;
      case SHORT, CHAR -> Short.BYTES;
      case LONG, DOUBLE -> Long.BYTES;
      default -> Integer.BYTES;
    };
  }

  private void load(Opcode opcode) {
    switch (opcode) {
      case BALOAD -> view("getByte", CD_int, CD_int);
      case SALOAD -> view("getShort", CD_int, CD_int);
      case CALOAD -> view("getChar", CD_int, CD_int);
      case IALOAD -> view("getInt", CD_int, CD_int);
      case LALOAD -> view("getLong", CD_long, CD_int);
      case FALOAD -> view("getFloat", CD_float, CD_int);
      case DALOAD -> view("getDouble", CD_double, CD_int);
      default -> view("at", KernelTypes.VIEW, CD_int);
    }
  }

  private void store(Opcode opcode) {
    switch (opcode) {
      case BASTORE -> view("putByte", CD_void, CD_int, CD_int);
      case SASTORE, CASTORE -> view("putShort", CD_void, CD_int, CD_int);
      case IASTORE -> view("putInt", CD_void, CD_int, CD_int);
      case LASTORE -> view("putLong", CD_void, CD_int, CD_long);
      case FASTORE -> view("putFloat", CD_void, CD_int, CD_float);
      case DASTORE -> view("putDouble", CD_void, CD_int, CD_double);
      default -> throw new IllegalStateException("no kernel has arrays as elements: " + method);
    }
  }

  private void view(String name, ClassDesc result, ClassDesc... parameters) {
    body.invokevirtual(KernelTypes.VIEW, name, MethodTypeDesc.of(result, parameters));
  }

  private void call(InvokeInstruction call) {
    switch (copy.code().resolve(method, call)) {
      case KernelCode.Callee.Code(KernelMethod callee) when callee.isStatic() -> {
        body.aload(method.isStatic() ? itemSlot : 0);
        body.invokestatic(copy.self(), copy.nameOf(callee), copy.typeOf(callee));
      }
      case KernelCode.Callee.Code(KernelMethod callee) ->
          body.invokevirtual(copy.self(), copy.nameOf(callee), copy.typeOf(callee));
      case KernelCode.Callee.Builtin(String name, MethodTypeDesc type) ->
          body.invokevirtual(copy.self(), name, type);
      case KernelCode.Callee.Library library -> body.with(call);
      case KernelCode.Callee.None none ->
          throw new IllegalStateException("no kernel can call " + call);
    }
  }
}
