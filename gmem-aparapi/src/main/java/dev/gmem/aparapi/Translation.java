package dev.gmem.aparapi;

import com.aparapi.Config;
import com.aparapi.Kernel;
import com.aparapi.internal.exception.AparapiException;
import com.aparapi.internal.exception.ClassParseException;
import com.aparapi.internal.instruction.Instruction;
import com.aparapi.internal.model.ClassModel;
import com.aparapi.internal.model.Entrypoint;
import dev.gmem.Access;
import dev.gmem.KernelSource;
import dev.gmem.aparapi.KernelParameter.Space;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What is known of a kernel's class: its text in OpenCL C, its parameters, and the copy of it that
 * devices run which execute Java. Depends on nothing but the class, and is made once per class.
 *
 * <p>Threads: any. Aparapi's translator has caches of its own that are not for several threads, so
 * translations happen one at a time.
 */
final class Translation {
  private static final ClassValue<Translation> ALL =
      new ClassValue<>() {
        @Override
        protected Translation computeValue(Class<?> type) {
          return translate(type.asSubclass(Kernel.class));
        }
      };

  private static final Object LOCK = new Object();

  /** Aparapi warns of every attribute of class files that is younger than it. */
  private static final Logger TRANSLATOR = Logger.getLogger(Config.getLoggerName());

  private final Class<?> kernelClass;
  private final String text;
  private final List<KernelParameter> parameters;
  private final HostForm hostForm;

  private Translation(
      Class<?> kernelClass, String text, List<KernelParameter> parameters, HostForm hostForm) {
    this.kernelClass = kernelClass;
    this.text = text;
    this.parameters = List.copyOf(parameters);
    this.hostForm = hostForm;
  }

  /** Translates a class, or finds it translated. */
  static Translation of(Class<? extends Kernel> kernelClass) {
    return ALL.get(kernelClass);
  }

  String name() {
    return kernelClass.getName();
  }

  /** The kernel in OpenCL C; its entry is called {@code run}. */
  String text() {
    return text;
  }

  KernelSource openCl() {
    return KernelSource.openCl(text);
  }

  /** The parameters of the text, in order. */
  List<KernelParameter> parameters() {
    return parameters;
  }

  /** The form for devices that execute Java. */
  HostForm hostForm() {
    return hostForm;
  }

  List<KernelParameter.Array> arrays() {
    return parameters.stream()
        .filter(KernelParameter.Array.class::isInstance)
        .map(KernelParameter.Array.class::cast)
        .toList();
  }

  private static Translation translate(Class<? extends Kernel> kernelClass) {
    KernelCode code = KernelCode.of(kernelClass);
    KernelRules.check(code);
    ArrayUses uses = ArrayUses.of(code);
    synchronized (LOCK) {
      Level level = TRANSLATOR.getLevel();
      TRANSLATOR.setLevel(Level.SEVERE);
      try {
        Entrypoint entry = ClassModel.createClassModel(kernelClass).getEntrypoint("run", null);
        List<KernelParameter> parameters = new ArrayList<>();
        List<KernelParameter.Array> privates = new ArrayList<>();
        for (Field field : entry.getReferencedFields()) {
          add(field, entry, uses, parameters, privates);
        }
        parameters.add(new KernelParameter.Pass());
        HostForm host =
            new HostForm(kernelClass.getName(), new KernelCopy(code, parameters, privates));
        return new Translation(kernelClass, OpenClWriter.text(entry), parameters, host);
      } catch (AparapiException | RuntimeException | AssertionError e) {
        throw e instanceof KernelTranslationException refused ? refused : refused(code, e);
      } finally {
        TRANSLATOR.setLevel(level);
      }
    }
  }

  private static void add(
      Field field,
      Entrypoint entry,
      ArrayUses uses,
      List<KernelParameter> parameters,
      List<KernelParameter.Array> privates)
      throws ClassParseException {
    field.setAccessible(true);
    String descriptor = field.getType().descriptorString();
    String name = field.getName();
    if (!descriptor.startsWith("[")) {
      parameters.add(new KernelParameter.Scalar(field));
      return;
    }
    Integer privateLength = privateLength(entry, name);
    int dimensions = KernelTypes.dimensions(descriptor);
    boolean written = uses.isWritten(name) || entry.getArrayFieldAssignments().contains(name);
    boolean read = uses.isRead(name) || entry.getArrayFieldAccesses().contains(name);
    KernelParameter.Array array =
        new KernelParameter.Array(
            field,
            KernelTypes.element(descriptor),
            dimensions,
            privateLength != null ? Space.PRIVATE : space(field),
            !written ? Access.READ : read ? Access.READ_WRITE : Access.WRITE,
            privateLength == null ? 0 : privateLength);
    if (dimensions > 1 && !array.isUnified()) {
      throw new IllegalArgumentException(
          "local and private arrays have one dimension: field=" + name);
    }
    if (array.space() == Space.PRIVATE) {
      privates.add(array);
    } else {
      parameters.add(array);
    }
    if (dimensions > 1) {
      for (int d = 0; d < dimensions; d++) {
        parameters.add(new KernelParameter.Length(array, d));
        parameters.add(new KernelParameter.Stride(array, d));
      }
    } else if (entry.getArrayFieldArrayLengthUsed().contains(name)) {
      parameters.add(new KernelParameter.Length(array, 0));
    }
  }

  private static Space space(Field field) {
    if (field.getName().endsWith(Kernel.LOCAL_SUFFIX)
        || field.isAnnotationPresent(Kernel.Local.class)) {
      return Space.LOCAL;
    }
    boolean constant =
        field.getName().endsWith(Kernel.CONSTANT_SUFFIX)
            || field.isAnnotationPresent(Kernel.Constant.class);
    return constant ? Space.CONSTANT : Space.GLOBAL;
  }

  private static Integer privateLength(Entrypoint entry, String name) throws ClassParseException {
    Integer length = null;
    for (ClassModel c = entry.getClassModel(); length == null && c != null; c = c.getSuperClazz()) {
      length = c.getPrivateMemorySize(name);
    }
    return length;
  }

  /** Says where, as far as the translator tells. */
  private static KernelTranslationException refused(KernelCode code, Throwable cause) {
    KernelMethod method = code.run();
    int line = method.firstLine();
    Instruction instruction =
        switch (cause) {
          case ClassParseException parse -> parse.getInstruction();
          case OpenClWriter.Lost lost -> lost.instruction();
          default -> null;
        };
    if (instruction != null) {
      var where = instruction.getMethod().getMethod();
      for (KernelMethod each : code.methods()) {
        if (each.name().equals(where.getName())
            && each.owner() == where.getClassModel().getClassWeAreModelling()) {
          method = each;
          line = each.lineAt(instruction.getThisPC());
        }
      }
    }
    return method.refused(
        "what the translator does not understand (" + cause.getMessage() + ")",
        "write it with simpler statements",
        line,
        cause);
  }
}
