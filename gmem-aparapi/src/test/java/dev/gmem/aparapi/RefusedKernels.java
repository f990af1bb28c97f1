package dev.gmem.aparapi;

import com.aparapi.Kernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.function.IntUnaryOperator;

/** Kernels with one thing each that cannot be translated; the line is marked by a comment. */
final class RefusedKernels {
  private RefusedKernels() {}

  static final class Break extends Kernel {
    int[] a;

    @Override
    public void run() {
      for (int i = 0; i < 9; i++) {
        if (a[i] == 0) {
          break; // here
        }
        a[i]--;
      }
    }
  }

  static final class AssignsElement extends Kernel {
    int[] a;

    @Override
    public void run() {
      while ((a[0] = a[0] / 2) > 5) { // here
        a[1]++;
      }
    }
  }

  static final class LabelledContinue extends Kernel {
    int[] a;

    @Override
    public void run() {
      outer:
      for (int i = 0; i < 9; i++) {
        for (int j = 0; j < 9; j++) {
          if (a[j] == i) {
            continue outer; // here
          }
          a[j]++;
        }
      }
    }
  }

  static final class Switch extends Kernel {
    int[] a;

    @Override
    public void run() {
      switch (a[0]) { // here
        case 1 -> a[1] = 7;
        case 2 -> a[1] = 9;
        default -> a[1] = 1;
      }
    }
  }

  static final class SparseSwitch extends Kernel {
    int[] a;

    @Override
    public void run() {
      switch (a[0]) { // here
        case 1 -> a[1] = 7;
        case 2_000 -> a[1] = 9;
        default -> a[1] = 1;
      }
    }
  }

  static final class NewObject extends Kernel {
    int[] a;

    @Override
    public void run() {
      Object o = new Object(); // here
      a[0] = o.hashCode();
    }
  }

  static final class NewArrayOfUnknownLength extends Kernel {
    int[] a;

    @Override
    public void run() {
      int[] work = new int[a[0]]; // here
      a[1] = work[0];
    }
  }

  static final class NewArrayOfObjects extends Kernel {
    int[] a;

    @Override
    public void run() {
      Object[] work = new Object[4]; // here
      a[1] = work.length;
    }
  }

  static final class NewArrayOfArrays extends Kernel {
    int[] a;

    @Override
    public void run() {
      int[][] work = new int[4][4]; // here
      a[1] = work[0][0];
    }
  }

  static final class Throw extends Kernel {
    int[] a;

    @Override
    public void run() {
      if (a[0] == 0) {
        throw new IllegalStateException(); // here
      }
      a[0] = 1;
    }
  }

  static final class Try extends Kernel {
    int[] a;

    @Override
    public void run() {
      try {
        a[0] = 1 / a[1]; // here
      } catch (ArithmeticException e) {
        a[0] = 0;
      }
    }
  }

  static final class Synchronized extends Kernel {
    int[] a;

    @Override
    public void run() {
      synchronized (this) {
        a[0]++;
      }
    }
  }

  static final class WritesScalar extends Kernel {
    int[] a;
    int sum;

    @Override
    public void run() {
      sum = a[0]; // here
    }
  }

  static final class ReplacesArray extends Kernel {
    int[] a;
    int[] b;

    @Override
    public void run() {
      a = b; // here
    }
  }

  static final class StaticField extends Kernel {
    static int factor = Integer.getInteger("no such property", 3);
    int[] a;

    @Override
    public void run() {
      a[0] *= factor; // here
    }
  }

  static final class StaticArray extends Kernel {
    static final int[] TABLE = {1, 2, 3};
    int[] a;

    @Override
    public void run() {
      a[0] = TABLE[a[1]]; // here
    }
  }

  static final class Segment extends Kernel {
    MemorySegment segment;
    int[] a;

    @Override
    public void run() {
      a[0] = segment.get(ValueLayout.JAVA_INT, 0); // here
    }
  }

  static final class Buffer extends Kernel {
    ByteBuffer buffer;
    int[] a;

    @Override
    public void run() {
      a[0] = buffer.getInt(0); // here
    }
  }

  static final class ObjectField extends Kernel {
    String name;
    int[] a;

    @Override
    public void run() {
      a[0] = name.length(); // here
    }
  }

  static final class Text extends Kernel {
    int[] a;

    @Override
    public void run() {
      a[0] = "text".length(); // here
    }
  }

  static final class Concatenation extends Kernel {
    int[] a;

    @Override
    public void run() {
      a[0] = (a[1] + "!").length(); // here
    }
  }

  static final class LambdaExpression extends Kernel {
    int[] a;

    @Override
    public void run() {
      IntUnaryOperator twice = x -> 2 * x; // here
      a[0] = twice.applyAsInt(a[1]);
    }
  }

  static final class ForEach extends Kernel {
    int[] a;

    @Override
    public void run() {
      int sum = 0;
      for (int value : a) { // here
        sum += value;
      }
      a[0] = sum;
    }
  }

  static final class Recursion extends Kernel {
    int[] a;

    int factorial(int n) {
      return n < 2 ? 1 : n * factorial(n - 1); // here
    }

    @Override
    public void run() {
      a[0] = factorial(a[1]);
    }
  }

  static final class ObjectArgument extends Kernel {
    int[] a;

    static int first(ObjectArgument kernel) {
      return 1;
    }

    @Override
    public void run() {
      a[0] = first(this); // here
    }
  }

  static final class JdkCall extends Kernel {
    int[] a;

    @Override
    public void run() {
      java.util.Arrays.fill(a, 1); // here
    }
  }

  static final class HostMethod extends Kernel {
    int[] a;

    @Override
    public void run() {
      a[0] = isExplicit() ? 1 : 0; // here
    }
  }

  static final class Assertion extends Kernel {
    int[] a;

    @Override
    public void run() {
      assert a[0] > 0; // here
      a[0] = 1;
    }
  }

  static final class InHelper extends Kernel {
    int[] a;

    static int find(int[] array) {
      int at = 0;
      while (at < 9) {
        if (array[at] == 0) {
          break; // here
        }
        at++;
      }
      return at;
    }

    @Override
    public void run() {
      a[0] = find(a);
    }
  }

  static final class Initial extends Kernel {
    int[] a;

    @Override
    public void run() {
      int[] table = {1, 2, 3}; // here
      a[0] = table[a[1]];
    }
  }

  static final class VariableArguments extends Kernel {
    int[] a;

    static int first(int... values) {
      return values[0];
    }

    @Override
    public void run() {
      a[0] = first(a[1], 2); // here
    }
  }

  static final class Endless extends Kernel {
    int[] a;

    @Override
    public void run() {
      int at = 0;
      while (true) {
        if (a[at] == 0) {
          return;
        }
        at++; // here
      }
    }
  }

  static final class Prints extends Kernel {
    int[] a;

    @Override
    public void run() {
      System.out.println(a[0]); // here
    }
  }

  static final class Boxes extends Kernel {
    int[] a;

    @Override
    public void run() {
      Integer value = a[0]; // here
      a[1] = value;
    }
  }

  static final class UntranslatableJdkCall extends Kernel {
    int[] a;

    @Override
    public void run() {
      a[0] = Math.addExact(a[1], 1); // here
    }
  }

  final int ofTheOuterObject = 3;

  final class Inner extends Kernel {
    int[] a;

    @Override
    public void run() {
      a[0] = ofTheOuterObject + RefusedKernels.this.hashCode(); // here
    }
  }

  static final class StoresRow extends Kernel {
    int[][] a;
    int[] b;

    @Override
    public void run() {
      a[0] = b; // here
    }
  }

  static final class KeepsRow extends Kernel {
    int[][] a;

    @Override
    public void run() {
      int[] row = a[0]; // here
      a[1][0] = row[0];
    }
  }

  static final class KeepsRows extends Kernel {
    int[][] a;

    @Override
    public void run() {
      int[][] rows = a; // here
      a[1][0] = rows[0][0];
    }
  }

  static final class PassesRow extends Kernel {
    int[][] a;

    static int first(int[] row) {
      return row[0];
    }

    @Override
    public void run() {
      a[0][1] = first(a[2]); // here
    }
  }

  static final class PassesRows extends Kernel {
    int[][] a;

    static int first(int[][] rows) {
      return rows[0][0];
    }

    @Override
    public void run() {
      a[0][1] = first(a); // here
    }
  }

  static final class KeepsItself extends Kernel {
    int[] a;

    @Override
    public void run() {
      KeepsItself other = this; // here
      a[0] = other.a[1];
    }
  }

  static final class MakesTwo extends Kernel {
    int[] a;

    @Override
    public void run() {
      int[] work;
      if (a[0] > 0) {
        work = new int[3];
      } else {
        work = new int[4]; // here
      }
      a[0] = work[2];
    }
  }

  static final class KeepsLocal extends Kernel {
    int[] a;
    @Local int[] tile = new int[8];

    @Override
    public void run() {
      int[] alias = tile; // here
      alias[getLocalId()] = 1;
      a[0] = alias[0];
    }
  }

  static final class KeepsGivenLocal extends Kernel {
    int[] a;
    @Local int[] tile = new int[8];

    static int first(int[] given) {
      int[] alias = given; // here
      return alias[0];
    }

    @Override
    public void run() {
      a[0] = first(tile);
    }
  }

  static final class PassesBoth extends Kernel {
    int[] a;
    @Local int[] tile = new int[8];

    static int first(int[] given) {
      return given[0];
    }

    @Override
    public void run() {
      a[0] = first(a);
      a[0] += first(tile); // here
    }
  }

  static final class ChoosesBoth extends Kernel {
    int[] a;
    @Local int[] tile = new int[8];

    @Override
    public void run() {
      a[0] = (a[1] > 0 ? a : tile)[2]; // here
    }
  }
}
