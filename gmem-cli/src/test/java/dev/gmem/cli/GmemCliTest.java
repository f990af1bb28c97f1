package dev.gmem.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.gmem.samples.console.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/** The command as far as it goes without the agent. */
class GmemCliTest {
  /** What a call came to. */
  private record Run(int exitCode, String out, String err) {}

  private static Run run(String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    GmemCli cli = new GmemCli();
    CommandLine command = cli.command();
    command
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    int exitCode = cli.execute(command, args);
    return new Run(exitCode, out.toString(), err.toString());
  }

  @Test
  void helpNamesEveryCommandAndEveryExitCode() {
    Run run = run("--help");
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("run ", "devices ", "doctor ", "bench ", "test ", "--version");
    assertThat(run.out()).contains(" 0 ", " 1 ", " 2 ", "66", "69", "70", "73");
  }

  @ParameterizedTest
  @ValueSource(strings = {"run", "devices", "doctor", "bench", "test"})
  void everyCommandExplainsItself(String command) {
    Run run = run(command, "--help");
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).startsWith("Usage: gmem " + command);
  }

  @Test
  void theVersionComesFromTheBuild() {
    Run run = run("--version");
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).containsPattern("gmem \\d+\\.\\d+").contains("Java " + Runtime.version());
  }

  @ParameterizedTest
  @CsvSource({
    "'',which command?",
    "run,which sample?",
    "run vector-ad,did you mean 'vector-add'?",
    "device,did you mean 'devices'?",
    "doctor --jsn,did you mean '--json'?",
    "devices please,knows no argument",
    "run vector-add --n -7,--n must be from 1",
    "test,./gmem test",
    "test -X,./gmem test"
  })
  void wrongCommandLinesAreAnsweredInOneSentence(String line, String answer) {
    Run run = run(line.isEmpty() ? new String[0] : line.split(" "));
    assertThat(run.exitCode()).isEqualTo(ExitCode.USAGE);
    assertThat(run.err()).startsWith("gmem: ").contains(answer).doesNotContain("\tat ");
    assertThat(run.err().lines()).hasSizeLessThanOrEqualTo(2);
    assertThat(run.out()).isEmpty();
  }

  @Test
  void unreadableInputIsAnsweredInOneSentence() {
    Run run = run("run", "edge-detect", "--input", "no-such-picture.png");
    assertThat(run.exitCode()).isEqualTo(ExitCode.INPUT);
    assertThat(run.err()).isEqualToIgnoringNewLines("gmem: there is no file no-such-picture.png");
  }

  @Test
  void withoutTheAgentSamplesSayHowToAttachIt() {
    Run run = run("run", "vector-add");
    assertThat(run.exitCode()).isEqualTo(ExitCode.UNAVAILABLE);
    assertThat(run.err()).contains("agent").doesNotContain("\tat ");
    assertThat(run.err().lines()).hasSize(1);
  }

  @Test
  void devicesAreListedWithoutTheAgent() throws IOException {
    Run run = run("devices");
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(run.out()).contains("sim0", "(default): ", "memory", "capabilities");
    Map<String, Object> json = JSON.std.mapFrom(run("devices", "--json").out());
    assertThat((List<?>) json.get("providers")).isNotEmpty();
  }

  @Test
  void withoutTheAgentTheDoctorSaysThatItIsBroken() throws IOException {
    Run run = run("doctor");
    assertThat(run.exitCode()).isEqualTo(ExitCode.WRONG_RESULT);
    assertThat(run.out()).contains("JDK: " + Runtime.version(), "agent: ", "OpenCL: ");
    Run json = run("doctor", "--json");
    assertThat(json.exitCode()).isEqualTo(ExitCode.WRONG_RESULT);
    assertThat(JSON.std.mapFrom(json.out()))
        .containsEntry("healthy", false)
        .containsKey("findings");
  }
}
