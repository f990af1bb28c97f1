package dev.gmem.aparapi;

import com.aparapi.Config;
import com.aparapi.Kernel;
import com.aparapi.internal.exception.AparapiException;
import com.aparapi.internal.exception.ClassParseException;
import com.aparapi.internal.instruction.Instruction;
import com.aparapi.internal.model.ClassModel;
import com.aparapi.internal.model.Entrypoint;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.bcel.Repository;

/**
 * What is known of a kernel's class: its text in OpenCL C, its parameters, and the copy of it that
 * devices run which execute Java. Depends on nothing but the class, and is made once per class.
 *
 * <p>Threads: any. Aparapi's translator has caches of its own that are not for several threads, so
 * translations happen one at a time.
 */
final class Translation {
  private static final ClassValue<Slot> ALL =
      new ClassValue<>() {
        @Override
        protected Slot computeValue(Class<?> type) {
          return new Slot();
        }
      };

  /**
   * The translation of one class, once somebody has made it. A {@link ClassValue} has every thread
   * that comes before the first one is done compute, so that it holds a place for the result, and
   * not the result.
   */
  private static final class Slot {
    private Translation made;

    synchronized Translation get(Class<? extends Kernel> kernelClass) {
      if (made == null) {
        made = translate(kernelClass);
      }
      return made;
    }
  }

  private static final Object LOCK = new Object();

  /** Aparapi warns of every attribute of class files that is younger than it. */
  private static final Logger TRANSLATOR = Logger.getLogger(Config.getLoggerName());

  private final Class<?> kernelClass;
  private final String text;
  private final List<KernelParameter> parameters;
  private final HostForm hostForm;
  private final Reach reach;

  private Translation(
      Class<?> kernelClass,
      String text,
      List<KernelParameter> parameters,
      HostForm hostForm,
      List<ArrayUses.Touch> touches) {
    this.kernelClass = kernelClass;
    this.text = text;
    this.parameters = List.copyOf(parameters);
    this.hostForm = hostForm;
    reach = new Reach(touches, parameters);
  }

  /** Translates a class, or finds it translated. */
  static Translation of(Class<? extends Kernel> kernelClass) {
    return ALL.get(kernelClass).get(kernelClass);
  }

  String name() {
    return kernelClass.getName();
  }

  /** The kernel in OpenCL C, with products as in Java; its entry is called {@code run}. */
  String text() {
    return text;
  }

  /** The kernel in OpenCL C. */
  String text(Products products) {
    return products == Products.ROUNDED ? text : text.replace(OpenClWriter.ROUNDED, "");
  }

  /** The parameters of the text, in order. */
  List<KernelParameter> parameters() {
    return parameters;
  }

  /** The form for devices that execute Java. */
  HostForm hostForm() {
    return hostForm;
  }

  /** Which elements the items of a launch touch. */
  Reach reach() {
    return reach;
  }

  List<KernelParameter.Array> arrays() {
    return parameters.stream()
        .filter(KernelParameter.Array.class::isInstance)
        .map(KernelParameter.Array.class::cast)
        .toList();
  }

  List<KernelParameter.Scalar> scalars() {
    return parameters.stream()
        .filter(KernelParameter.Scalar.class::isInstance)
        .map(KernelParameter.Scalar.class::cast)
        .toList();
  }

  private static Translation translate(Class<? extends Kernel> kernelClass) {
    KernelCode code = KernelCode.of(kernelClass);
    KernelRules.check(code);
    FlatKernel flat = FlatKernel.of(code);
    ArrayUses uses = ArrayUses.of(flat);
    if (uses.spaces().matter()) {
      flat = flat.with(uses.spaces());
      uses = ArrayUses.of(flat);
    }
    return translate(flat, uses);
  }

  private static Translation translate(FlatKernel flat, ArrayUses uses) {
    synchronized (LOCK) {
      Level level = TRANSLATOR.getLevel();
      TRANSLATOR.setLevel(Level.SEVERE);
      // It remembers classes by name, and there may be others of this one's.
      Repository.clearCache();
      try {
        Entrypoint entry =
            ClassModel.createClassModel(flat.code().kernelClass()).getEntrypoint("run", null);
        Fields fields = new Fields(flat, uses, entry);
        KernelCopy copy = new KernelCopy(flat, fields.parameters, fields.privates);
        return new Translation(
            flat.originalCode().kernelClass(),
            OpenClWriter.text(entry),
            fields.parameters,
            new HostForm(flat.originalCode().kernelClass().getName(), copy),
            uses.touches());
      } catch (AparapiException | RuntimeException | AssertionError e) {
        throw e instanceof KernelTranslationException refused ? refused : refused(flat, e);
      } finally {
        TRANSLATOR.setLevel(level);
      }
    }
  }

  /** Says where, as far as the translator tells. */
  private static KernelTranslationException refused(FlatKernel flat, Throwable cause) {
    KernelMethod method = flat.code().run();
    int line = method.firstLine();
    Instruction instruction =
        switch (cause) {
          case ClassParseException parse -> parse.getInstruction();
          case OpenClWriter.Lost lost -> lost.instruction();
          default -> null;
        };
    if (instruction != null) {
      for (KernelMethod each : flat.code().methods()) {
        if (each.name().equals(instruction.getMethod().getMethod().getName())) {
          method = each;
          line = each.lineAt(instruction.getThisPC());
        }
      }
    }
    return flat.original(method)
        .refused(
            "what the translator does not understand (" + cause.getMessage() + ")",
            "write it with simpler statements, each assignment as one of its own",
            line,
            cause);
  }
}
