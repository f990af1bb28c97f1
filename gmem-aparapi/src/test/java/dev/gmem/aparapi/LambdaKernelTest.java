package dev.gmem.aparapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.aparapi.Kernel;
import dev.gmem.aparapi.MapKernel.DoubleUnary;
import dev.gmem.aparapi.MapKernel.FloatBinary;
import dev.gmem.aparapi.MapKernel.FloatUnary;
import dev.gmem.aparapi.MapKernel.IntBinary;
import dev.gmem.aparapi.MapKernel.IntUnary;
import java.io.IOException;
import java.io.Serializable;
import java.lang.classfile.TypeKind;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What method a lambda stands for, and which lambdas are refused. */
class LambdaKernelTest {
  private static final Path SOURCE =
      Path.of("src/test/java/dev/gmem/aparapi/LambdaKernelTest.java");

  private static int counter = 3;

  private final int own = 5;

  @TempDir Path folder;

  private static Kernel kernel(IntUnary function) {
    return LambdaKernel.of(function, TypeKind.INT, 1);
  }

  private static String text(Kernel kernel) {
    return Translation.of(kernel.getClass()).text();
  }

  private static KernelTranslationException refusal(IntUnary function) {
    return catchThrowableOfType(KernelTranslationException.class, () -> text(kernel(function)));
  }

  private static String lineAt(int line) throws IOException {
    return Files.readAllLines(SOURCE).get(line - 1);
  }

  private static IntUnary times(int factor) {
    return x -> x * factor;
  }

  private static int collatz(int start) {
    int x = start;
    int steps = 0;
    while (x > 1 && steps < 1000) {
      x = x % 2 == 0 ? x / 2 : 3 * x + 1;
      steps++;
    }
    return steps;
  }

  private static int until(int end) {
    for (int i = 0; i < 100; i++) {
      if (i * i > end) {
        break; // here
      }
    }
    return end;
  }

  private int withOwn(int x) {
    return x + own;
  }

  @Test
  void onePlaceInTheSourceIsOneClassWhateverItCaptures() {
    assertThat(kernel(times(2)).getClass()).isSameAs(kernel(times(3)).getClass());
    assertThat(kernel(x -> x + 1).getClass()).isNotSameAs(kernel(x -> x + 1).getClass());
    assertThat(text(kernel(times(2)))).contains("__global int *in", "int captured1");
  }

  @Test
  void theMethodOfAReferenceIsTranslatedWithWhatItCalls() {
    assertThat(text(kernel(LambdaKernelTest::collatz))).contains("collatz(");
    assertThat(text(LambdaKernel.of((DoubleUnary) Math::sqrt, TypeKind.DOUBLE, 1)))
        .contains("sqrt(");
    assertThat(text(LambdaKernel.of((IntBinary) Integer::sum, TypeKind.INT, 2)))
        .contains("__global int *in2");
  }

  @Test
  void whatTheFunctionContainsIsNamedWithClassMethodAndLine() throws IOException {
    KernelTranslationException inMethod = refusal(LambdaKernelTest::until);
    assertThat(inMethod).hasMessageContaining("break").hasMessageContaining("head of the loop");
    assertThat(inMethod.className()).isEqualTo(LambdaKernelTest.class.getName());
    assertThat(inMethod.methodName()).isEqualTo("until");
    assertThat(lineAt(inMethod.line())).contains("// here");
    KernelTranslationException inLambda =
        refusal(
            x -> {
              int y = x + 1;
              return y + counter; // here: static
            });
    assertThat(inLambda).hasMessageContaining("the static field counter");
    assertThat(inLambda.className()).isEqualTo(LambdaKernelTest.class.getName());
    assertThat(inLambda.methodName()).startsWith("lambda$");
    assertThat(lineAt(inLambda.line())).contains("// here: static");
    assertThat(refusal(x -> Math.addExact(x, 1))).hasMessageContaining("Math.addExact");
    assertThat(refusal(x -> Integer.toString(x).length())).hasMessageContaining("a call of");
  }

  @Test
  void capturedObjectsAreRefused() throws IOException {
    KernelTranslationException refused = refusal(x -> x + own); // here: this
    assertThat(refused)
        .hasMessageContaining("a captured object (this")
        .hasMessageContaining("into local variables");
    assertThat(lineAt(refused.line())).contains("// here: this");
    assertThat(refusal(this::withOwn)).hasMessageContaining("a captured object (this");
    String text = "text";
    assertThat(refusal(x -> x + text.length()))
        .hasMessageContaining("a captured object (a String)")
        .hasMessageContaining("method=lambda$");
    Integer boxed = Integer.valueOf(counter);
    assertThat(refusal(x -> x + boxed)).hasMessageContaining("a captured object (a Integer)");
    int[] none = null;
    assertThat(refusal(x -> none[x])).hasMessageContaining("a captured null (a int[])");
  }

  @Test
  @SuppressWarnings("deprecation")
  void referencesThatTakeOrMakeObjectsAreRefused() {
    assertThat(refusal(Integer::valueOf)).hasMessageContaining("takes or returns objects");
    assertThat(refusal(Integer::new)).hasMessageContaining("a reference to a constructor");
  }

  /** An object that has code of its own, beside the method that the interface has. */
  private static final class Named implements FloatUnary {
    private static final long serialVersionUID = 1L;

    @Override
    public float apply(float value) {
      return value;
    }
  }

  /** One that says of itself that it is another. */
  private static final class Replaced implements FloatUnary {
    private static final long serialVersionUID = 1L;

    @Override
    public float apply(float value) {
      return value;
    }

    private Object writeReplace() {
      return (FloatUnary & Serializable) x -> x;
    }
  }

  @Test
  void objectsThatAreNoLambdasAreRefused() {
    for (FloatUnary each : List.of(new Named(), new Replaced())) {
      assertThatThrownBy(() -> LambdaKernel.of(each, TypeKind.FLOAT, 1))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is a lambda expression or a reference to a static method")
          .hasMessageContaining(each.getClass().getName());
    }
  }

  /** Programs and their lambdas may come from loaders of their own, and from jars. */
  @Test
  void lambdasMayComeFromJarsAndOtherLoaders() throws Exception {
    Path classes = Files.createDirectory(folder.resolve("classes"));
    Sources.compile(
        classes,
        "app.Maps",
        """
        package app;
        public interface Maps {
          private static float halved(float x) { return x / 2; }
          static dev.gmem.aparapi.MapKernel.FloatBinary mean(float bias) {
            return (a, b) -> { float sum = a + b; return halved(sum) + bias; };
          }
        }
        """,
        "-g:none");
    Path jar = Sources.jar(classes, folder.resolve("maps.jar"));
    try (var loader = Sources.loader(jar)) {
      FloatBinary mean =
          (FloatBinary)
              loader.loadClass("app.Maps").getMethod("mean", float.class).invoke(null, 0.5f);
      assertThat(text(LambdaKernel.of(mean, TypeKind.FLOAT, 2))).contains("halved(");
    }
  }
}
