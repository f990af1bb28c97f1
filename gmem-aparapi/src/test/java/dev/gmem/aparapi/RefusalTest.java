package dev.gmem.aparapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.aparapi.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What cannot be translated is named, with its place and a way out. */
class RefusalTest {
  private static final Path SOURCE = Path.of("src/test/java/dev/gmem/aparapi/RefusedKernels.java");

  static Stream<Arguments> kernels() {
    return Stream.of(
        Arguments.of(RefusedKernels.Break.class, "break", "head of the loop"),
        Arguments.of(
            RefusedKernels.AssignsElement.class, "does not understand", "each assignment as one"),
        Arguments.of(RefusedKernels.LabelledContinue.class, "continue to a label", "method"),
        Arguments.of(RefusedKernels.Switch.class, "switch", "if and else"),
        Arguments.of(RefusedKernels.SparseSwitch.class, "switch", "if and else"),
        Arguments.of(RefusedKernels.NewObject.class, "new java.lang.Object", "arrays"),
        Arguments.of(
            RefusedKernels.NewArrayOfUnknownLength.class, "length is not a constant", "constant"),
        Arguments.of(RefusedKernels.NewArrayOfObjects.class, "array of objects", "primitive"),
        Arguments.of(RefusedKernels.NewArrayOfArrays.class, "array of arrays", "one array"),
        Arguments.of(RefusedKernels.Throw.class, "throw", "error code"),
        Arguments.of(RefusedKernels.Try.class, "try", "beforehand"),
        Arguments.of(RefusedKernels.WritesScalar.class, "assignment to the field sum", "length 1"),
        Arguments.of(RefusedKernels.ReplacesArray.class, "assignment to the field a", "local"),
        Arguments.of(RefusedKernels.StaticField.class, "static field factor", "instance field"),
        Arguments.of(RefusedKernels.StaticArray.class, "static field TABLE", "instance field"),
        Arguments.of(RefusedKernels.Segment.class, "segment or buffer segment", "bind"),
        Arguments.of(RefusedKernels.Buffer.class, "segment or buffer buffer", "bind"),
        Arguments.of(RefusedKernels.ObjectField.class, "object (field name)", "primitive"),
        Arguments.of(RefusedKernels.Text.class, "a string", "primitive"),
        Arguments.of(RefusedKernels.Concatenation.class, "a string", "primitive"),
        Arguments.of(RefusedKernels.LambdaExpression.class, "lambda expression", "by name"),
        Arguments.of(RefusedKernels.ForEach.class, "for over the elements", "length of the field"),
        Arguments.of(RefusedKernels.Recursion.class, "recursion", "loop"),
        Arguments.of(RefusedKernels.ObjectArgument.class, "object as an argument", "primitive"),
        Arguments.of(RefusedKernels.JdkCall.class, "a call of java.util.Arrays.fill", "static"),
        Arguments.of(RefusedKernels.HostMethod.class, "a call of isExplicit", "host"),
        Arguments.of(RefusedKernels.Assertion.class, "assert", "before or after"),
        Arguments.of(RefusedKernels.Initial.class, "initial elements", "one by one"),
        Arguments.of(RefusedKernels.VariableArguments.class, "variable number", "with new"),
        Arguments.of(RefusedKernels.Endless.class, "while (true)", "into its head"),
        Arguments.of(RefusedKernels.Prints.class, "output (to the console)", "after the launch"),
        Arguments.of(RefusedKernels.Boxes.class, "java.lang.Integer.valueOf", "int instead of"),
        Arguments.of(
            RefusedKernels.UntranslatableJdkCall.class,
            "a call of java.lang.Math.addExact",
            "write it yourself"),
        Arguments.of(RefusedKernels.Inner.class, "object around it (this$0)", "class static"),
        Arguments.of(RefusedKernels.StoresRow.class, "assignment of an array", "one by one"),
        Arguments.of(RefusedKernels.KeepsRow.class, "variable for a row", "all its indices"),
        Arguments.of(RefusedKernels.KeepsRows.class, "for an array of arrays", "field itself"),
        Arguments.of(RefusedKernels.PassesRow.class, "(of first)", "whole array and the index"),
        Arguments.of(RefusedKernels.PassesRows.class, "as an argument (of first)", "its elements"),
        Arguments.of(RefusedKernels.KeepsItself.class, "variable for an object", "primitive"),
        Arguments.of(RefusedKernels.MakesTwo.class, "declared before", "simpler"),
        Arguments.of(RefusedKernels.KeepsLocal.class, "in local or private", "name that it has"),
        Arguments.of(RefusedKernels.KeepsGivenLocal.class, "in local or private", "that it has"),
        Arguments.of(RefusedKernels.PassesBoth.class, "several kinds [GLOBAL, LOCAL]", "once for"),
        Arguments.of(RefusedKernels.ChoosesBoth.class, "a choice between arrays", "elements"),
        Arguments.of(RefusedKernels.InHelper.class, "break", "head of the loop"));
  }

  @ParameterizedTest
  @MethodSource("kernels")
  void constructClassMethodAndLineAreNamed(
      Class<? extends Kernel> type, String construct, String hint) throws IOException {
    KernelTranslationException refusal = refusal(type);
    assertThat(refusal).hasMessageContaining("cannot have ").hasMessageContaining(construct);
    assertThat(refusal.getMessage().substring(refusal.getMessage().indexOf(';'))).contains(hint);
    assertThat(refusal.className()).isEqualTo(type.getName());
    assertThat(lineAt(refusal.line())).contains("// here");
    assertThat(lineOf(type)).isLessThan(refusal.line());
    assertThat(refusal)
        .hasMessageContaining("method=" + refusal.methodName())
        .hasMessageContaining("line=" + refusal.line());
  }

  @Test
  void synchronizedIsNamed() {
    assertThat(refusal(RefusedKernels.Synchronized.class))
        .hasMessageContaining("cannot have ")
        .extracting(KernelTranslationException::methodName)
        .isEqualTo("run");
  }

  @Test
  void aHelperIsNamedAsTheMethod() {
    assertThat(refusal(RefusedKernels.InHelper.class).methodName()).isEqualTo("find");
  }

  @Test
  void aRefusalIsRepeatedWithTheSameWords() {
    assertThat(refusal(RefusedKernels.Break.class).getMessage())
        .isEqualTo(refusal(RefusedKernels.Break.class).getMessage());
  }

  private static KernelTranslationException refusal(Class<? extends Kernel> type) {
    return catchThrowableOfType(KernelTranslationException.class, () -> Translation.of(type));
  }

  private static List<String> lines() throws IOException {
    return Files.readAllLines(SOURCE);
  }

  private static String lineAt(int line) throws IOException {
    return lines().get(line - 1);
  }

  private static int lineOf(Class<?> type) throws IOException {
    List<String> lines = lines();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains("class " + type.getSimpleName() + " ")) {
        return i + 1;
      }
    }
    throw new AssertionError(type);
  }
}
