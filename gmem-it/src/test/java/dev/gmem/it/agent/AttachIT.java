package dev.gmem.it.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ways to attach the agent, and what it says on the error stream: nothing, if all is well. */
@Tag("noagent")
class AttachIT {
  private static final String WORKS = "read=42\n";

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"-Dx=1", "-Xint", "-Xshare:off", "-XX:+UseZGC", "-XX:-UseCompressedOops"})
  void withTheJavaagentOption(String jvmOption) throws Exception {
    var result = ChildJvm.run(List.of(jvmOption, ChildJvm.agent("")), GateProbe.class);
    assertThat(result).isEqualTo(new ChildJvm.Result(0, WORKS, ""));
  }

  @Test
  void beforeTheProgramStarts() throws Exception {
    var result = ChildJvm.run(List.of(ChildJvm.agent("early=on,log=on")), GateProbe.class);
    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).isEqualTo(WORKS);
    assertThat(result.err()).startsWith("gmem: memory access can fault from now on");
  }

  @Test
  void theRewrittenClassesPassTheVerifier() throws Exception {
    var options =
        List.of(
            "-XX:+UnlockDiagnosticVMOptions", "-XX:+BytecodeVerificationLocal", ChildJvm.agent(""));
    assertThat(ChildJvm.run(options, GateProbe.class)).isEqualTo(new ChildJvm.Result(0, WORKS, ""));
  }

  @Test
  void twiceIsOnce() throws Exception {
    var options = List.of(ChildJvm.agent("heal=off"), ChildJvm.agent(""));
    assertThat(ChildJvm.run(options, GateProbe.class)).isEqualTo(new ChildJvm.Result(0, WORKS, ""));
  }

  @Test
  void byTheManifestOfTheProgramsJar() throws Exception {
    Path jar = program("true");
    assertThat(ChildJvm.run(List.of("-jar", jar.toString())))
        .isEqualTo(new ChildJvm.Result(0, WORKS, ""));
  }

  @Test
  void aManifestThatForbidsItIsNamed() throws Exception {
    var result = ChildJvm.run(List.of("-jar", program("false").toString()));
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains("Can-Retransform-Classes: true").hasLineCount(1);
  }

  private Path program(String canRetransform) throws IOException {
    Path jar = folder.resolve("program.jar");
    Manifest manifest = new Manifest();
    Attributes main = manifest.getMainAttributes();
    main.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    main.put(Attributes.Name.MAIN_CLASS, GateProbe.class.getName());
    main.put(Attributes.Name.CLASS_PATH, classPathAsUrls());
    main.putValue("Launcher-Agent-Class", "dev.gmem.agent.GmemAgent");
    main.putValue("Can-Retransform-Classes", canRetransform);
    try (OutputStream out = Files.newOutputStream(jar)) {
      new JarOutputStream(out, manifest).close();
    }
    return jar;
  }

  private static String classPathAsUrls() {
    StringBuilder urls = new StringBuilder(Path.of(ChildJvm.agentJar()).toUri().toString());
    for (String entry : System.getProperty("java.class.path").split(":")) {
      urls.append(' ').append(Path.of(entry).toUri());
    }
    return urls.toString();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void toARunningProgramWhoseLoopsAreCompiled(int times) throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process child = ChildJvm.startHot(out, err);
    VirtualMachine vm = VirtualMachine.attach(Long.toString(child.pid()));
    for (int i = 0; i < times; i++) {
      vm.loadAgent(ChildJvm.agentJar(), "heal=off");
    }
    vm.detach();
    assertThat(child.waitFor()).as(ChildJvm.text(err)).isZero();
    assertThat(ChildJvm.text(out)).endsWith(WORKS);
    assertThat(ChildJvm.text(err)).isEmpty();
  }
}
