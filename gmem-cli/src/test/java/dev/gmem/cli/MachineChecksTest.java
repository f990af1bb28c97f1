package dev.gmem.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineChecksTest {
  @TempDir Path root;

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private Finding finding(String check) {
    List<Finding> findings = new ArrayList<>();
    new MachineChecks(root).run(findings::add);
    return findings.stream().filter(f -> f.check().equals(check)).findFirst().orElse(null);
  }

  @Test
  void whatHindersLargeReservationsIsNoted() throws IOException {
    write("proc/sys/vm/overcommit_memory", "2\n");
    write("proc/self/limits", "Limit\nMax address space         1000000  1000000  bytes\n");
    assertThat(finding("overcommit").status()).isEqualTo(Finding.Status.NOTE);
    assertThat(finding("overcommit").remedy()).contains("vm.overcommit_memory=0");
    assertThat(finding("address limit").remedy()).contains("ulimit -v unlimited");
  }

  @Test
  void aMachineAsItComesIsGood() throws IOException {
    write("proc/sys/vm/overcommit_memory", "0\n");
    write("proc/self/limits", "Max address space         unlimited            unlimited  bytes\n");
    write("proc/meminfo", "MemTotal: 9 kB\nMemAvailable:    8388608 kB\n");
    write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
    assertThat(finding("overcommit").status()).isEqualTo(Finding.Status.GOOD);
    assertThat(finding("address limit")).isNull();
    assertThat(finding("host memory").detail()).isEqualTo("8 GiB available");
    assertThat(finding("huge pages").detail()).endsWith("madvise");
  }

  @Test
  void littleMemoryAndNoHugePagesAreNoted() throws IOException {
    write("proc/sys/vm/overcommit_memory", "0\n");
    write("proc/meminfo", "MemAvailable:    1000 kB\n");
    write("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]\n");
    assertThat(finding("host memory").status()).isEqualTo(Finding.Status.NOTE);
    assertThat(finding("huge pages").status()).isEqualTo(Finding.Status.NOTE);
  }

  @Test
  void driversOfOpenClAreListed() throws IOException {
    assertThat(new MachineChecks(root).drivers()).isEmpty();
    write("etc/OpenCL/vendors/b.icd", "x");
    write("etc/OpenCL/vendors/a.icd", "x");
    write("etc/OpenCL/vendors/readme", "x");
    assertThat(new MachineChecks(root).drivers()).containsExactly("a.icd", "b.icd");
  }

  @Test
  void otherSystemsAreLeftAlone() {
    List<Finding> findings = new ArrayList<>();
    new MachineChecks(root).run(findings::add);
    assertThat(findings).extracting(Finding::check).containsExactly("OpenCL");
  }
}
