package dev.gmem.testkit.scenario;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gmem.testkit.DeviceFixture;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * The scenarios that Linux tests its heterogeneous memory management by ({@code hmm-tests.c}), each
 * under its name there, in camel case; and some of other systems, under names of their own.
 *
 * <p>An implementer of a device extends this class, as the device contract, and runs it in a JVM
 * with the agent:
 *
 * <pre>{@code
 * class MyScenariosIT extends HmmScenarios {
 *   @Override protected DeviceFixture fixture() {
 *     return MyDevice::new;
 *   }
 * }
 * }</pre>
 */
public abstract class HmmScenarios {
  /** What has no counterpart in a JVM, and why. */
  private static final Map<String, String> CANNOT_APPLY =
      Map.of(
          "anonWriteChild", "a JVM cannot fork itself: there is no child to share memory with",
          "anonWriteChildShared", "as anonWriteChild",
          "anonWriteHugetlbfs",
              "the space maps no files of hugetlbfs; anonWriteHuge has pages as large",
          "exclusiveCow", "copy on write between processes takes a fork",
          "hmmCowInDevice", "as exclusiveCow",
          "benchmarkThpMigration",
              "it asserts nothing; gmem-bench measures migration, in pairs with copies by hand");

  /** All names of {@code hmm-tests.c}. */
  private static final List<String> NAMES =
      Stream.of(
              "open_close anon_read anon_read_prot anon_write anon_write_prot anon_write_child",
              "anon_write_child_shared anon_write_huge anon_write_hugetlbfs file_read file_write",
              "migrate migrate_file_private migrate_fault migrate_release migrate_shared",
              "migrate_mixed migrate_multiple anon_read_multiple anon_teardown mixedmap snapshot",
              "compound double_map exclusive exclusive_mprotect exclusive_cow hmm_gup_test",
              "hmm_cow_in_device migrate_anon_huge_empty migrate_anon_huge_zero",
              "migrate_anon_huge_free migrate_anon_huge_fault migrate_partial_unmap_fault",
              "migrate_remap_fault migrate_anon_huge_err migrate_anon_huge_zero_err",
              "benchmark_thp_migration")
          .flatMap(line -> Arrays.stream(line.split(" ")))
          .map(HmmScenarios::camelCase)
          .toList();

  /** For subclasses. */
  protected HmmScenarios() {}

  /**
   * Says which device to test.
   *
   * @return the fixture; the same one each time, or equivalent ones
   */
  protected abstract DeviceFixture fixture();

  private static String camelCase(String name) {
    String[] words = name.split("_");
    return words[0]
        + Arrays.stream(words)
            .skip(1)
            .map(word -> Character.toUpperCase(word.charAt(0)) + word.substring(1))
            .collect(Collectors.joining());
  }

  @Test
  void everyScenarioIsATestOrSaysWhyItCannotApply() {
    Set<String> tests =
        Stream.of(
                AnonymousScenarios.class,
                FileScenarios.class,
                MigrationScenarios.class,
                SharingScenarios.class)
            .flatMap(facet -> Arrays.stream(facet.getDeclaredMethods()))
            .filter(method -> method.isAnnotationPresent(Test.class))
            .map(Method::getName)
            .collect(Collectors.toSet());
    Set<String> missing = new TreeSet<>(NAMES);
    missing.removeAll(tests);
    assertEquals(new TreeSet<>(CANNOT_APPLY.keySet()), missing);
    assertEquals(38, NAMES.size());
  }

  @Nested
  class Anonymous extends AnonymousScenarios {
    @Override
    protected DeviceFixture fixture() {
      return HmmScenarios.this.fixture();
    }
  }

  @Nested
  class Files extends FileScenarios {
    @Override
    protected DeviceFixture fixture() {
      return HmmScenarios.this.fixture();
    }
  }

  @Nested
  class Migration extends MigrationScenarios {
    @Override
    protected DeviceFixture fixture() {
      return HmmScenarios.this.fixture();
    }
  }

  @Nested
  class Sharing extends SharingScenarios {
    @Override
    protected DeviceFixture fixture() {
      return HmmScenarios.this.fixture();
    }
  }
}
