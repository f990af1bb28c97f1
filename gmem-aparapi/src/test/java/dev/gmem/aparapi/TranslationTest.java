package dev.gmem.aparapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.aparapi.Kernel;
import dev.gmem.Access;
import dev.gmem.KernelCompilationException;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is found in a kernel's class, and where classes may come from. */
class TranslationTest {
  private static final String SOURCE =
      """
      public class Level extends com.aparapi.Kernel {
        private int[] a = new int[4];
        private int half(int x) { return x / 2; }
        public void run() { int i = getGlobalId(); a[i] = half(i) + a.length; }
      }
      """;

  @TempDir Path folder;

  static final class Uses extends Kernel {
    int[] read;
    int[] written;
    int[] both;
    int[] added;
    int[] counted;
    int[] passed;
    int[] aliased;
    int[] chosenA;
    int[] chosenB;
    int[][] rows;

    static void put(int[] array, int at) {
      array[at] = 3;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      written[i] = read[i] + rows[i][0];
      both[i] = both[i + 1];
      added[i] += 2;
      atomicAdd(counted, i, 1);
      put(passed, i);
      int[] alias = aliased;
      alias[i] = i > 3 ? chosenA[i] : chosenB[i > 2 ? 1 : 0];
    }
  }

  private static Map<String, Access> accesses(Class<? extends Kernel> type) {
    Map<String, Access> accesses = new LinkedHashMap<>();
    Translation.of(type).arrays().forEach(array -> accesses.put(array.name(), array.access()));
    return accesses;
  }

  @Test
  void accessIsWhatTheBytecodeDoes() {
    assertThat(accesses(Uses.class))
        .containsEntry("read", Access.READ)
        .containsEntry("rows", Access.READ)
        .containsEntry("chosenA", Access.READ)
        .containsEntry("chosenB", Access.READ)
        .containsEntry("written", Access.WRITE)
        .containsEntry("both", Access.READ_WRITE)
        .containsEntry("added", Access.READ_WRITE)
        .containsEntry("counted", Access.READ_WRITE)
        .containsEntry("passed", Access.WRITE)
        .containsEntry("aliased", Access.WRITE)
        .hasSize(10);
  }

  @Test
  void aClassIsTranslatedOnce() {
    assertThat(Translation.of(Uses.class)).isSameAs(Translation.of(Uses.class));
    assertThat(Translation.of(Uses.class).hostForm().source())
        .isSameAs(Translation.of(Uses.class).hostForm().source());
  }

  @ParameterizedTest
  @ValueSource(strings = {"8", "9", "11", "17", "21", "25"})
  void everyLevelOfClassFilesIsUnderstood(String release) {
    Sources.compile(folder, "Level", SOURCE, "-g", "--release", release, "-Xlint:-options");
    Class<? extends Kernel> type = Sources.load(folder, "Level").getClass();
    assertThat(Translation.of(type).text()).contains("__global int *a").contains("half");
    assertThat(Translation.of(type).hostForm().source()).isNotNull();
  }

  @Test
  void debugInformationIsNotNeeded() {
    Sources.compile(folder, "Level", SOURCE, "-g:none");
    assertThat(Translation.of(Sources.load(folder, "Level").getClass()).text())
        .contains("__global int *a");
  }

  @Test
  void classesMayComeFromJars() throws IOException {
    Path classes = Files.createDirectory(folder.resolve("classes"));
    Sources.compile(classes, "Level", SOURCE, "-g");
    Path jar = Sources.jar(classes, folder.resolve("kernels.jar"));
    assertThat(Translation.of(Sources.load(jar, "Level").getClass()).text())
        .contains("__global int *a");
  }

  @Test
  void classesWithoutAClassFileAreRefused() throws Exception {
    Class<?> hidden =
        MethodHandles.lookup().defineHiddenClass(classFile(Uses.class), false).lookupClass();
    assertThatThrownBy(() -> Translation.of(hidden.asSubclass(Kernel.class)))
        .isInstanceOf(KernelCompilationException.class)
        .hasMessageContaining("translated from its class file")
        .hasMessageContaining("Uses");
  }

  private static byte[] classFile(Class<?> type) throws IOException {
    String resource = "/" + type.getName().replace('.', '/') + ".class";
    try (var in = type.getResourceAsStream(resource)) {
      return in.readAllBytes();
    }
  }

  /** The generator writes the condition as a statement of its own, and the body without it. */
  static final class LosesBranch extends Kernel {
    static final boolean ALWAYS = true;
    int[] a;

    @Override
    public void run() {
      int i = getGlobalId();
      if (-i < i % 11 && (i != 5 || ALWAYS)) {
        a[i] = 1;
      }
    }
  }

  static final class NewAgain extends Kernel {
    int[] a;

    @Override
    public void run() {
      int[] work = new int[3];
      work[0] = a[0];
      if (a[1] > 0) {
        work = new int[3];
      }
      a[2] = work[0];
    }
  }

  @Test
  void aVariableHasOneNewArray() {
    assertThatThrownBy(() -> Translation.of(NewAgain.class))
        .isInstanceOf(KernelTranslationException.class)
        .hasMessageContaining("a new array for a variable that has been declared before")
        .hasMessageContaining("NewAgain");
  }

  @Test
  void whatTheGeneratorWouldLeaveOutIsRefused() {
    assertThatThrownBy(() -> Translation.of(LosesBranch.class))
        .isInstanceOf(KernelTranslationException.class)
        .hasMessageContaining("a jump that belongs to no statement")
        .hasMessageContaining("LosesBranch");
  }
}
