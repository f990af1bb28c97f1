package dev.gmem.aparapi;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.aparapi.Kernel;
import java.lang.constant.ClassDesc;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Variables are found in the bytecode, whatever the class file says of them. */
class VariablesTest {
  private static final String SOURCE =
      """
      public class Keeps extends com.aparapi.Kernel {
        int[] a;
        double[] d;
        boolean[] flags;

        static int sum(int[] of, long scale, int n) {
          int all = 0;
          int[] same = of;
          for (int k = 0; k < n; k++) { all += same[k] * (int) scale; }
          n = all;
          return n;
        }

        public void run() {
          int i = getGlobalId();
          int[] kept = a;
          int chosen;
          if (i > 3) { double wide = d[i]; chosen = (int) wide; } else { chosen = -i; }
          while (chosen > 9) {
            int[] work = new int[3];
            work[chosen % 3] = i;
            chosen -= work[0] + 1;
          }
          boolean[] either = i > 1 ? flags : flags;
          kept[i] = either[i] ? sum(kept, 2L, chosen) : chosen;
        }
      }
      """;

  @TempDir Path folder;

  private Class<? extends Kernel> compiled(String option) {
    Sources.compile(folder, "Keeps", SOURCE, option);
    return Sources.load(folder, "Keeps").getClass();
  }

  private static Map<String, List<ClassDesc>> types(Class<? extends Kernel> type) {
    Map<String, List<ClassDesc>> types = new TreeMap<>();
    for (KernelMethod method : KernelCode.of(type).methods()) {
      if (method.owner() == type) {
        types.put(
            method.name(),
            new Variables(method).all().stream().map(Variables.Variable::type).toList());
      }
    }
    return types;
  }

  private static List<ClassDesc> types(String descriptors) {
    return Pattern.compile("\\[?[A-Z]")
        .matcher(descriptors)
        .results()
        .map(m -> ClassDesc.ofDescriptor(m.group()))
        .toList();
  }

  /** Without names of variables, Aparapi's generator would not end where one holds an array. */
  @ParameterizedTest
  @ValueSource(strings = {"-g", "-g:none", "-g:source,lines", "-g:vars"})
  void eachVariableIsOne(String option) {
    Class<? extends Kernel> type = compiled(option);
    assertThat(types(type))
        .containsEntry("run", types("I[IDI[I[Z"))
        .containsEntry("sum", types("[IJII[III"));
    String text = assertTimeoutPreemptively(ofSeconds(60), () -> Translation.of(type).text());
    assertThat(text)
        .containsPattern("\n *int \\w+;\n *__global int\\* ?\\w+;\n *double \\w+;\n *int \\w+;")
        .containsPattern("int \\w+\\[3];\n *__global char ?\\* ?\\w+;");
  }

  @Test
  void namesAreThoseOfTheSourceIfTheyAreThere() {
    assertThat(Translation.of(compiled("-g")).text())
        .contains("int chosen;", "int work[3];", "( __global int* of, long scale, int n)");
  }

  /** A class file without lines, too, is told of by class and method. */
  @Test
  void aRefusalWithoutLinesSaysSo() {
    Sources.compile(
        folder,
        "Stops",
        """
        public class Stops extends com.aparapi.Kernel {
          int[] a;
          public void run() {
            int[] b = a;
            for (int i = 0; i < 3; i++) { if (b[i] > 2) { break; } }
          }
        }
        """,
        "-g:none");
    assertThatThrownBy(() -> Translation.of(Sources.load(folder, "Stops").getClass()))
        .isInstanceOf(KernelTranslationException.class)
        .hasMessageContaining("break")
        .hasMessageContaining("class=Stops method=run line=unknown");
  }
}
