package dev.gmem.samples;

import dev.gmem.AddressSpace;
import dev.gmem.SpaceOptions;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

/**
 * What a call of the samples' command came to.
 *
 * @param exitCode what the process would end with
 * @param out its standard output
 * @param err its standard error
 */
record CommandRun(int exitCode, String out, String err) {
  static CommandRun of(Function<SpaceOptions, AddressSpace> opener, String... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    SamplesMain main = new SamplesMain();
    CommandLine command = main.command(opener);
    command
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .setColorScheme(CommandLine.Help.defaultColorScheme(Ansi.OFF));
    int exitCode = main.execute(command, args);
    return new CommandRun(exitCode, out.toString(), err.toString());
  }
}
