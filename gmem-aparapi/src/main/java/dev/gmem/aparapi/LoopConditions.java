package dev.gmem.aparapi;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Rewrites loops whose conditions the generator does not understand: those of {@code do} with
 * several parts, and those that change a variable. It is told
 *
 * <pre>
 *   do { t = 0; BODY; if (CONDITION) { t = 1; } } while (t != 0);
 *   do { t = 0; if (CONDITION) { BODY; t = 1; } } while (t != 0);
 * </pre>
 *
 * instead, with a variable of its own for each loop.
 *
 * <p><b>Guarantee.</b> What a method does stays the same whatever the shape of its code: a jump out
 * of the loop, or to its beginning, goes to where the variable is tested, which is 0 or 1
 * accordingly, and from there to where it had gone before. Only which jumps are worth it is a
 * matter of what compilers write.
 *
 * <p>Threads: one.
 */
final class LoopConditions {
  /**
   * A loop to rewrite. Places are positions among the elements of the code.
   *
   * @param head where its label is
   * @param last of the jump back
   * @param exits jumps of its condition out of it
   * @param repeats other jumps to its beginning
   */
  private record Loop(int head, int last, Set<Integer> exits, Set<Integer> repeats) {}

  private final KernelMethod method;
  private final List<CodeElement> code;
  private final Map<Label, Integer> places = new IdentityHashMap<>();

  private LoopConditions(KernelMethod method) {
    this.method = method;
    code = method.code().elementList();
    for (int place = 0; place < code.size(); place++) {
      if (code.get(place) instanceof LabelTarget target) {
        places.put(target.label(), place);
      }
    }
  }

  /** A method that does the same, with loops that the generator is more likely to understand. */
  static KernelMethod rewritten(KernelMethod method) {
    KernelMethod now = Assignments.apart(method);
    while (true) {
      LoopConditions all = new LoopConditions(now);
      Loop loop = all.find();
      if (loop == null) {
        return now;
      }
      now = all.without(loop);
    }
  }

  /**
   * A method of the same name and type, with other code. The class around it is never loaded; it is
   * of a version in which jumps need no frames, and a reader does not look for their targets there.
   */
  static KernelMethod with(KernelMethod method, Consumer<CodeBuilder> body) {
    byte[] file =
        ClassFile.of(ClassFile.StackMapsOption.DROP_STACK_MAPS)
            .build(
                ClassDesc.of("Rewritten"),
                builder ->
                    builder
                        .withVersion(ClassFile.JAVA_5_VERSION, 0)
                        .withMethodBody(
                            method.name(),
                            method.model().methodTypeSymbol(),
                            method.model().flags().flagsMask(),
                            body::accept));
    return new KernelMethod(method.owner(), ClassFile.of().parse(file).methods().getFirst());
  }

  private Loop find() {
    Map<Integer, Integer> lastJumps = new TreeMap<>();
    for (int place = 0; place < code.size(); place++) {
      if (code.get(place) instanceof BranchInstruction branch && target(branch) <= place) {
        lastJumps.put(target(branch), place);
      }
    }
    for (var jump : lastJumps.entrySet()) {
      BranchInstruction last = (BranchInstruction) code.get(jump.getValue());
      Set<Integer> ends = ends(jump.getValue());
      Loop loop =
          isGoto(last)
              ? findWhile(jump.getKey(), jump.getValue(), ends)
              : findDo(jump.getKey(), jump.getValue(), ends);
      if (loop != null) {
        return loop;
      }
    }
    return null;
  }

  /** Where a loop is left to: what follows it and, if that is a jump, what it leads to. */
  private Set<Integer> ends(int last) {
    Set<Integer> ends = new HashSet<>();
    for (int place = last + 1; place < code.size(); place++) {
      if (code.get(place) instanceof LabelTarget) {
        ends.add(place);
      } else if (code.get(place) instanceof Instruction next) {
        if (next instanceof BranchInstruction branch && isGoto(branch)) {
          ends.add(target(branch));
        }
        return ends;
      }
    }
    return ends;
  }

  private boolean leads(int place, Set<Integer> targets) {
    return code.get(place) instanceof BranchInstruction branch
        && !isGoto(branch)
        && targets.contains(target(branch));
  }

  private Loop findDo(int head, int last, Set<Integer> ends) {
    Set<Integer> exits = new HashSet<>();
    Set<Integer> repeats = new HashSet<>();
    for (int place = head; place < last; place++) {
      if (isStatement(code.get(place))) {
        repeats.clear(); // they were of loops inside
      } else if (leads(place, Set.of(head))) {
        repeats.add(place);
      } else if (leads(place, ends)) {
        exits.add(place);
      }
    }
    return exits.isEmpty() ? null : new Loop(head, last, exits, repeats);
  }

  private Loop findWhile(int head, int last, Set<Integer> ends) {
    Set<Integer> exits = new HashSet<>();
    int decided = -1;
    int inside = 0;
    boolean statement = false;
    boolean changes = false;
    for (int place = head; place < last; place++) {
      CodeElement element = code.get(place);
      statement |= isStatement(element);
      if (leads(place, ends)) {
        exits.add(place);
        if (inside <= place) {
          decided = place;
          changes = statement;
        }
      } else if (element instanceof BranchInstruction branch) {
        if (target(branch) <= place || target(branch) > last) {
          break;
        }
        inside = Math.max(inside, target(branch));
      } else if (element instanceof ReturnInstruction) {
        break;
      }
    }
    if (!changes) {
      return null;
    }
    int condition = decided;
    exits.removeIf(place -> place > condition);
    Set<Integer> repeats = new HashSet<>();
    for (int place = head; place < last; place++) {
      if (code.get(place) instanceof BranchInstruction branch && target(branch) == head) {
        repeats.add(place);
      }
    }
    return new Loop(head, last, exits, repeats);
  }

  /** Whether an instruction does more than to compute. */
  private static boolean isStatement(CodeElement element) {
    return switch (element) {
      case StoreInstruction store -> true;
      case IncrementInstruction increment -> true;
      case ArrayStoreInstruction store -> true;
      case InvokeInstruction call -> call.typeSymbol().returnType().equals(ConstantDescs.CD_void);
      default -> false;
    };
  }

  private int target(BranchInstruction branch) {
    return places.get(branch.target());
  }

  private static boolean isGoto(BranchInstruction branch) {
    return branch.opcode() == Opcode.GOTO || branch.opcode() == Opcode.GOTO_W;
  }

  private static Opcode opposite(Opcode condition) {
    return switch (condition) {
      case IFEQ -> Opcode.IFNE;
      case IFNE -> Opcode.IFEQ;
      case IFLT -> Opcode.IFGE;
      case IFGE -> Opcode.IFLT;
      case IFGT -> Opcode.IFLE;
      case IFLE -> Opcode.IFGT;
      case IF_ICMPEQ -> Opcode.IF_ICMPNE;
      case IF_ICMPNE -> Opcode.IF_ICMPEQ;
      case IF_ICMPLT -> Opcode.IF_ICMPGE;
      case IF_ICMPGE -> Opcode.IF_ICMPLT;
      case IF_ICMPGT -> Opcode.IF_ICMPLE;
      case IF_ICMPLE -> Opcode.IF_ICMPGT;
      case IF_ACMPEQ -> Opcode.IF_ACMPNE;
      case IF_ACMPNE -> Opcode.IF_ACMPEQ;
      case IFNULL -> Opcode.IFNONNULL;
      case IFNONNULL -> Opcode.IFNULL;
      default -> throw new IllegalArgumentException(condition.toString());
    };
  }

  private KernelMethod without(Loop loop) {
    int slot = method.model().findAttribute(Attributes.code()).orElseThrow().maxLocals();
    return with(method, body -> new Writer(loop, slot, body).write());
  }

  /** Writes a method with one loop rewritten. */
  private final class Writer {
    private final Loop loop;
    private final int slot;
    private final CodeBuilder body;
    private final Label again;
    private final Label holds;
    private final Label tested;

    Writer(Loop loop, int slot, CodeBuilder body) {
      this.loop = loop;
      this.slot = slot;
      this.body = body;
      again = body.newLabel();
      holds = body.newLabel();
      tested = body.newLabel();
    }

    void write() {
      for (int place = 0; place < code.size(); place++) {
        CodeElement element = code.get(place);
        if (place == loop.head) {
          // What goes back to the head without the condition belongs to a loop inside of this one.
          boolean inside = code.get(loop.last) instanceof BranchInstruction last && !isGoto(last);
          begin(element, inside);
        } else if (place == loop.last) {
          end((BranchInstruction) element);
        } else if (loop.exits.contains(place)) {
          body.branch(((BranchInstruction) element).opcode(), tested);
        } else if (loop.repeats.contains(place)) {
          body.branch(((BranchInstruction) element).opcode(), holds);
        } else {
          body.with(element);
        }
      }
    }

    private void begin(CodeElement label, boolean labelInside) {
      if (labelInside) {
        body.labelBinding(again).iconst_0().istore(slot).with(label);
      } else {
        body.with(label);
        body.labelBinding(again).iconst_0().istore(slot);
      }
    }

    /** The condition holds, or does not; then the variable says so. */
    private void end(BranchInstruction last) {
      if (!isGoto(last)) {
        body.branch(opposite(last.opcode()), tested);
      }
      body.labelBinding(holds).iconst_1().istore(slot);
      body.labelBinding(tested).iload(slot).ifne(again);
    }
  }
}
