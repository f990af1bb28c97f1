package dev.gmem.aparapi;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * Writes the source of kernels that anybody could have written: arithmetic, branches, loops, arrays
 * of all types, helper methods.
 *
 * <p>Integers never feed on floats, and floats grow by no operation, so that the devices must agree
 * on integers to the bit and on floats but for rounding.
 */
final class RandomKernel {
  private final Random random;
  private final List<String> ints = new ArrayList<>();
  private final List<String> longs = new ArrayList<>();
  private final List<String> floats = new ArrayList<>();
  private final StringBuilder text = new StringBuilder();
  private boolean inHelper;
  private int names;
  private int indent;

  private RandomKernel(Random random) {
    this.random = random;
  }

  /** The source of a class of that name. */
  static String source(String name, Random random, int statements) {
    return new RandomKernel(random).write(name, statements);
  }

  private String write(String name, int statements) {
    line("public final class " + name + " extends com.aparapi.Kernel {");
    for (String type :
        List.of("int", "long", "float", "double", "byte", "short", "char", "boolean")) {
      line("public " + type + "[] " + type + "s;");
    }
    line("public int[][] rows;");
    line("public int[] table;");
    line("public int count, number;");
    line("public long large;");
    line("public float fraction;");
    line("public boolean chosen;");
    writeHelpers();
    line("@Override public void run() {");
    line("int i = getGlobalId();");
    line("int a = ints[i], b = bytes[i] + shorts[i], c = chars[i];");
    line("long p = longs[i], q = large;");
    line("float x = floats[i], y = fraction;");
    line("double d = doubles[i];");
    line("int[] work = new int[8];");
    line("for (int w = 0; w < 8; w++) { work[w] = w * a; }");
    ints.addAll(List.of("a", "b", "c"));
    longs.addAll(List.of("p", "q"));
    floats.addAll(List.of("x", "y"));
    for (int s = 0; s < statements; s++) {
      statement(3);
    }
    line("ints[i] = a ^ work[(b & 7)] + c;");
    line("longs[i] = p - q;");
    line("floats[i] = x;");
    line("doubles[i] = d * 0.5 + y;");
    line("}");
    line("}");
    return text.toString();
  }

  private void writeHelpers() {
    inHelper = true;
    ints.addAll(List.of("u", "v"));
    line("static int mix(int u, int v) { return " + integer(3) + "; }");
    line("int pick(int u, int v) { if (" + condition(2) + ") { return " + integer(2) + "; }");
    line("return " + integer(2) + " + number; }");
    line("static void put(int[] array, int at, int value) { array[at] = value; }");
    line("float blend(float f, float g) { return (f - g) * fraction; }");
    ints.clear();
    inHelper = false;
  }

  private void statement(int depth) {
    switch (random.nextInt(depth == 0 ? 7 : 19)) {
      case 0, 1 -> line(any(ints) + oneOf(" = ", " += ", " -= ", " ^= ") + integer(3) + ";");
      case 2 -> line(any(longs) + oneOf(" = ", " += ", " *= ") + large(3) + ";");
      case 3 -> line(any(floats) + " = " + floating(3) + ";");
      case 4 -> store();
      case 5 -> line(oneOf("a++;", "b--;", "c += 3;", "work[a & 7]++;", "d = d * 0.25 + x;"));
      case 6 -> narrow();
      case 7 -> block("if (" + condition(2) + ") {", depth);
      case 8, 9 -> {
        block("if (" + condition(2) + ") {", depth);
        block("else {", depth);
      }
      case 10, 11 -> {
        String k = name();
        String loop = "for (int " + k + " = 0; " + k + " < " + (1 + random.nextInt(5)) + "; ";
        loopBlock(loop + k + "++) {", k, "", depth);
      }
      case 12 -> scope(depth);
      case 13 -> {
        String k = name();
        line("int " + k + " = " + (1 + random.nextInt(6)) + ";");
        loopBlock("while (" + k + " > 0) {", k, k + "--;", depth);
      }
      case 14 -> {
        String k = name();
        line("int " + k + " = 0;");
        loopBlock("do {", k, k + "++;", depth);
        line("while (" + k + " < " + (1 + random.nextInt(4)) + ");");
      }
      default -> loopWithCondition(depth);
    }
  }

  /** A condition of several parts, or one that changes variables. */
  private void loopWithCondition(int depth) {
    String k = name();
    String more = condition(2);
    line("int " + k + " = " + (2 + random.nextInt(5)) + ";");
    switch (random.nextInt(6)) {
      case 0 -> {
        loopBlock("do {", k, k + "--;", depth);
        line("while (" + k + " > 0 && " + more + ");");
      }
      case 1 -> {
        loopBlock("do {", k, "a ^= " + k + ";", depth);
        line("while (" + oneOf(k + "-- > 1 && ", "--" + k + " > 0 && ") + more + ");");
      }
      case 2 -> {
        loopBlock("do {", k, k + "--;", depth);
        line("while (" + k + " > 0 && (" + more + " || " + condition(1) + "));");
      }
      case 3 -> loopBlock("while (" + k + "-- > 0 && " + more + ") {", k, "b ^= " + k + ";", depth);
      case 4 -> {
        String v = name();
        line("int " + v + ";");
        String head = "while ((" + v + " = " + integer(2) + ") != 3 && " + k + "-- > 0) {";
        loopBlock(head, v, "c ^= " + v + ";", depth);
      }
      default -> {
        String v = name();
        line("int " + v + " = 0;");
        String head = "while (--" + k + " > 0 && (" + v + " = " + integer(2) + ") > -50) {";
        loopBlock(head, v, "b -= " + v + ";", depth);
      }
    }
  }

  private void store() {
    switch (random.nextInt(8)) {
      case 0 -> line("bytes[i] = (byte) (" + integer(2) + ");");
      case 1 -> line("shorts[i] = (short) (" + integer(2) + ");");
      case 2 -> line("chars[i] = (char) (" + integer(2) + ");");
      case 3 -> line("booleans[i] = " + condition(2) + ";");
      case 4 -> line("longs[i] " + oneOf("=", "+=", "^=") + " " + large(2) + ";");
      case 5 -> line("work[" + integer(1) + " & 7] " + oneOf("=", "+=") + " " + integer(2) + ";");
      case 6 -> line("rows[i][" + integer(1) + " & 3] = " + integer(2) + ";");
      default -> line("put(ints, i, " + integer(2) + ");");
    }
  }

  /** Compound assignments to types that are narrower than what is computed. */
  private void narrow() {
    String array = oneOf("bytes", "shorts", "chars");
    line(
        switch (random.nextInt(4)) {
          case 0 -> array + "[i] " + oneOf("+=", "-=", "*=") + " " + integer(2) + ";";
          case 1 -> array + "[i]" + oneOf("++;", "--;");
          case 2 -> array + "[i] " + oneOf("<<=", ">>=", ">>>=") + " " + integer(1) + ";";
          default -> any(ints) + oneOf(" += ", " -= ") + large(2) + ";";
        });
  }

  /** Variables that are gone after their block, so that others get their slots. */
  private void scope(int depth) {
    String v = name();
    boolean wide = random.nextBoolean();
    line("if (" + condition(1) + ") {");
    line((wide ? "long " : "int ") + v + " = " + (wide ? large(2) : integer(2)) + ";");
    List<String> variables = wide ? longs : ints;
    variables.add(v);
    for (int s = 1 + random.nextInt(2); s > 0; s--) {
      statement(depth - 1);
    }
    variables.remove(v);
    line((wide ? any(longs) : any(ints)) + " ^= " + v + ";");
    line("}");
  }

  private void block(String head, int depth) {
    line(head);
    for (int s = 1 + random.nextInt(2); s > 0; s--) {
      statement(depth - 1);
    }
    line("}");
  }

  private void loopBlock(String head, String counter, String step, int depth) {
    line(head);
    if (step.isEmpty() && random.nextInt(3) == 0) {
      line("if (" + condition(1) + ") { " + any(ints) + "++; continue; }");
    }
    for (int s = 1 + random.nextInt(2); s > 0; s--) {
      statement(depth - 1);
    }
    line("a += " + counter + ";");
    if (!step.isEmpty()) {
      line(step);
    }
    line("}");
  }

  private String integer(int depth) {
    if (depth == 0) {
      return random.nextBoolean() ? any(ints) : "(" + (random.nextInt(1_000) - 300) + ")";
    }
    String l = integer(depth - 1);
    return switch (random.nextInt(inHelper ? 17 : 26)) {
      case 0 -> "(" + l + " + " + integer(depth - 1) + ")";
      case 1 -> "(" + l + " - " + integer(depth - 1) + ")";
      case 2 -> "(" + l + " * " + integer(depth - 1) + ")";
      case 3 -> "(" + l + oneOf(" & ", " | ", " ^ ") + integer(depth - 1) + ")";
      case 4 -> "(" + l + oneOf(" << ", " >> ", " >>> ") + "(" + integer(depth - 1) + " & 31))";
      case 5 -> "(" + l + oneOf(" / ", " % ") + "((" + integer(depth - 1) + " & 15) + 1))";
      case 6 -> "(" + condition(depth - 1) + " ? " + l + " : " + integer(depth - 1) + ")";
      case 7 -> "(-" + l + ")";
      case 8 -> "(~" + l + ")";
      case 9 -> "(" + oneOf("byte", "short", "char") + ") " + l;
      case 10 -> "Math." + oneOf("min", "max") + "(" + l + ", " + integer(depth - 1) + ")";
      case 11 -> "(" + l + oneOf(" << ", " >> ", " >>> ") + integer(depth - 1) + ")";
      case 12 -> "(" + l + oneOf(" / ", " % ") + "(" + integer(depth - 1) + " | 1))";
      case 13 -> "Math.abs(" + l + ")";
      case 14 -> "Integer." + oneOf("bitCount", "signum", "reverse") + "(" + l + ")";
      case 15 -> "Integer." + oneOf("compare", "rotateLeft") + "(" + l + ", " + small() + ")";
      case 16 -> l;
      case 17 -> "work[" + l + " & 7]";
      case 18 -> "table[(" + l + " & 0xffff) % count]";
      case 19 -> "mix(" + l + ", " + integer(depth - 1) + ")";
      case 20 -> "pick(" + l + ", " + integer(depth - 1) + ")";
      case 21 -> "(int) (" + large(depth - 1) + ")";
      case 22 -> "rows[i][" + l + " & 3]";
      case 23 -> "(int) (floats[i] * " + oneOf("3e9f", "-7.5f", "1e3f") + ")";
      case 24 -> "(" + oneOf("int", "short", "char", "byte") + ") (doubles[i] * 1e5)";
      default -> oneOf("number", "count", "bytes[i]", "chars[i]", "ints.length", "getGlobalSize()");
    };
  }

  private String large(int depth) {
    if (depth == 0) {
      return random.nextBoolean() ? any(longs) : random.nextInt(90_000) + oneOf("L", "000000L");
    }
    String l = large(depth - 1);
    return switch (random.nextInt(12)) {
      case 0 -> "(" + l + oneOf(" + ", " - ", " * ") + large(depth - 1) + ")";
      case 1 -> "(" + l + oneOf(" & ", " | ", " ^ ") + large(depth - 1) + ")";
      case 2 -> "(" + l + oneOf(" << ", " >> ", " >>> ") + "(" + integer(depth - 1) + " & 63))";
      case 3 -> "(" + l + oneOf(" / ", " % ") + "((" + large(depth - 1) + " & 255) + 1))";
      case 4 -> "(" + condition(depth - 1) + " ? " + l + " : " + large(depth - 1) + ")";
      case 5 -> "(long) " + integer(depth - 1);
      case 6 -> "(" + l + oneOf(" << ", " >> ", " >>> ") + integer(depth - 1) + ")";
      case 7 -> "(" + l + oneOf(" / ", " % ") + "(" + large(depth - 1) + " | 1))";
      case 8 -> "(" + l + oneOf(" + ", " * ") + integer(depth - 1) + ")";
      case 9 -> "Math." + oneOf("min", "max") + "(" + l + ", " + large(depth - 1) + ")";
      case 10 -> oneOf("(-", "(~") + l + ")";
      default -> l;
    };
  }

  private String floating(int depth) {
    if (depth == 0) {
      return oneOf(any(floats), "fraction", "0.25f", "-0.75f", "(float) (a & 15)");
    }
    String l = floating(depth - 1);
    return switch (random.nextInt(7)) {
      case 0 -> "((" + l + " + " + floating(depth - 1) + ") * 0.5f)";
      case 1 -> "((" + l + " - " + floating(depth - 1) + ") * 0.5f)";
      case 2 -> "sin(" + l + ")";
      case 3 -> oneOf("min", "max") + "(" + l + ", " + floating(depth - 1) + ")";
      case 4 -> "(" + condition(depth - 1) + " ? " + l + " : " + floating(depth - 1) + ")";
      case 5 -> "blend(" + l + ", " + floating(depth - 1) + ")";
      default -> "abs(" + l + ")";
    };
  }

  /** No part of it is a constant, of which compilers may make a jump out of a loop. */
  private String condition(int depth) {
    if (depth == 0 || random.nextInt(3) == 0) {
      return "(("
          + any(ints)
          + oneOf(" + ", " ^ ", " - ")
          + integer(1)
          + ")"
          + oneOf(" < ", " <= ", " > ", " >= ", " == ", " != ")
          + integer(1)
          + ")";
    }
    return switch (random.nextInt(inHelper ? 2 : 5)) {
      case 0 -> "(" + condition(depth - 1) + " && " + condition(depth - 1) + ")";
      case 1 -> "(" + condition(depth - 1) + " || " + condition(depth - 1) + ")";
      case 2 -> "!" + condition(depth - 1);
      case 3 -> "((" + any(longs) + " ^ " + large(1) + ")" + oneOf(" < ", " >= ") + large(1) + ")";
      default -> oneOf("chosen", "booleans[i]");
    };
  }

  private String small() {
    return Integer.toString(random.nextInt(40) - 4);
  }

  private String any(List<String> from) {
    return from.get(random.nextInt(from.size()));
  }

  private String oneOf(String... choices) {
    return choices[random.nextInt(choices.length)];
  }

  private String name() {
    return "k" + names++;
  }

  private void line(String line) {
    indent -= line.startsWith("}") ? 1 : 0;
    text.append("  ".repeat(Math.max(0, indent))).append(line).append('\n');
    indent += line.endsWith("{") ? 1 : 0;
  }
}
