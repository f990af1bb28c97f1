package dev.gmem.it.agent;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.tools.attach.AgentInitializationException;
import com.sun.tools.attach.VirtualMachine;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the agent says when it refuses: one sentence, and why. */
@Tag("noagent")
class RefusalIT {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          foo=1             | The GMEM agent has no option "foo"
          heal              | option heal is on or off, not ""
          heal=maybe        | option heal is on or off, not "maybe"
          healQuietMillis=0 | healQuietMillis is a number from 1 to 3600000, not "0"
          log=on,,heal=off  | The GMEM agent has no option ""
          """)
  void anOptionThatIsNotUnderstoodEndsTheJvm(String options, String sentence) throws Exception {
    var result = ChildJvm.run(List.of(ChildJvm.agent(options)), GateProbe.class);
    assertThat(result.exitCode()).isEqualTo(1);
    assertThat(result.err()).contains(sentence).hasLineCount(1);
    assertThat(result.out()).isEmpty();
  }

  @Test
  void aRefusalAtRunTimeReachesBothSides() throws Exception {
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    Process child = ChildJvm.startHot(out, err);
    VirtualMachine vm = VirtualMachine.attach(Long.toString(child.pid()));
    Assertions.assertThatThrownBy(() -> vm.loadAgent(ChildJvm.agentJar(), "foo=1"))
        .isInstanceOf(AgentInitializationException.class);
    vm.detach();
    assertThat(child.waitFor()).as(ChildJvm.text(err)).isZero();
    assertThat(ChildJvm.text(out)).contains("The GMEM agent has no option \"foo\"");
  }

  @Test
  void aJdkOfAnotherShapeIsRefusedByName() throws Exception {
    String patch = "java.base=" + jdkWithAnAccessMethodMore();
    String sentence = "ScopedMemoryAccess has an unknown access method getIntSomehow";
    var atOnce =
        ChildJvm.run(List.of("--patch-module", patch, ChildJvm.agent("early=on")), GateProbe.class);
    assertThat(atOnce.exitCode()).isEqualTo(1);
    assertThat(atOnce.err()).contains(sentence).hasLineCount(1);
    var whenOpened =
        ChildJvm.run(List.of("--patch-module", patch, ChildJvm.agent("")), GateProbe.class);
    assertThat(whenOpened.exitCode()).isEqualTo(1);
    assertThat(whenOpened.err()).contains("GmemUnavailableException").contains(sentence);
  }

  private Path jdkWithAnAccessMethodMore() throws IOException {
    String name = "jdk/internal/misc/ScopedMemoryAccess.class";
    ClassFile format = ClassFile.of();
    byte[] original;
    try (InputStream in = Object.class.getResourceAsStream("/" + name)) {
      original = in.readAllBytes();
    }
    byte[] other =
        format.transformClass(
            format.parse(original),
            (target, element) -> {
              target.with(element);
              if (element instanceof MethodModel method
                  && method.methodName().equalsString("getIntInternal")) {
                target.withMethod(
                    "getIntSomehow",
                    method.methodTypeSymbol(),
                    method.flags().flagsMask(),
                    copy -> method.forEach(copy::with));
              }
            });
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.write(file, other);
    return folder;
  }
}
