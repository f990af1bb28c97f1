package dev.gmem.aparapi;

import dev.gmem.aparapi.OddKernels.Numbers;

/** Loops whose conditions have several parts, or change something. */
final class LoopKernels {
  private LoopKernels() {}

  static final class DoAnd extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int n = i;
      int sum = 0;
      do {
        sum += n;
        n--;
      } while (n > 0 && sum < 100);
      out[i] = sum;
      more[i] = n;
    }
  }

  static final class DoMixed extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int n = i & 15;
      int sum = 0;
      do {
        sum += 3 * n - 7;
        n--;
      } while ((n > 0 || sum < 10 && n > -20) && !(sum == 24) && (booleans[i] || n != 5));
      out[i] = sum;
      more[i] = n;
      do {
        sum += 5;
      } while (!(sum > 90 || sum % 7 == 3));
      large[i] = sum;
    }
  }

  static final class DoAroundLoops extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int n = i & 7;
      int sum = 0;
      do {
        while (sum < n * 10) {
          sum += 3;
        }
        int m = 5;
        do {
          m--;
          sum ^= m << n;
        } while (m > 0 && sum != 40);
        n++;
      } while (n < 12 && sum < 500);
      do {
        do {
          n -= 2;
        } while (n > 0 && n != 6);
        sum++;
      } while (n > -9 && sum < 600);
      out[i] = sum;
      more[i] = n;
    }
  }

  static final class DoContinues extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int n = i;
      int sum = 0;
      do {
        n--;
        if (n % 3 == 0) {
          continue;
        }
        if (n == 4) {
          sum += 100;
        } else {
          sum += n;
        }
      } while (n > 0 && sum < 200);
      out[i] = sum;
      more[i] = n;
    }
  }

  static final class DoInWhile extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int n = i;
      int sum = 0;
      while (n > 0) {
        int m = n;
        do {
          m -= 2;
          sum += m;
        } while (m > 0 && (sum & 3) != 1);
        n -= 3;
        if (n > 20) {
          do {
            n--;
          } while (n > 25 && n % 4 != 0);
        }
      }
      out[i] = sum;
      more[i] = n;
    }
  }

  static final class DoWithNaN extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      float x = floats[i];
      int steps = 0;
      do {
        steps++;
      } while (!(x < steps) && steps < 9);
      out[i] = steps;
      do {
        steps--;
      } while (x <= steps && steps > -9);
      more[i] = steps;
    }
  }

  static final class AssignsInHead extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int at = i;
      int n;
      int sum = 0;
      while ((n = ints[at]) < 1000 && n != 7 && at > 0) {
        sum += n;
        at--;
      }
      out[i] = sum * 3 + n;
      float x;
      at = i;
      while ((x = floats[at]) <= 1.5f) {
        at = at == 0 ? OddKernels.COUNT - 1 : at - 1;
        sum++;
      }
      doubles[i] = x;
      sum %= 1000;
      long l;
      while ((l = sum * 3L) < 1000) {
        if ((sum & 1) == 0) {
          sum += 7;
          continue;
        }
        sum += 2;
      }
      large[i] = l;
      more[i] = sum;
    }
  }

  static final class AssignsBehindAnd extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int at = i;
      int n = -1;
      int sum = 0;
      while (at > 0 && (n = bytes[at]) < 90) {
        sum += n;
        at--;
      }
      do {
        sum ^= n;
        at++;
      } while (at < OddKernels.COUNT && (n = shorts[at]) > -9000);
      out[i] = sum;
      more[i] = n + at;
    }
  }

  static final class AssignsInFor extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int n = 0;
      int sum = 0;
      for (int at = i; at >= 0 && (n = chars[at]) != 0; at -= 5) {
        sum += n;
      }
      for (int at = 0; (n = at * i) < 100 && at < 20; at++) {
        sum -= n;
      }
      out[i] = sum;
      more[i] = n;
    }
  }

  static final class AssignsInIf extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int n;
      int m;
      if ((n = ints[i]) > 5) {
        n = 4 - n;
      }
      out[i] = n;
      n = m = shorts[i];
      byte b;
      int wide = b = (byte) m;
      more[i] = n + m + wide + b;
    }
  }

  static final class CountsDown extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int n = i;
      int sum = 0;
      while (n-- > 0) {
        sum += n;
      }
      out[i] = sum * 100 + n;
      n = i;
      while (--n > 0 && sum > 5) {
        sum -= n;
      }
      int k = 0;
      do {
        sum += k;
      } while (++k < 7 && sum < 80);
      more[i] = sum * 100 + n + k;
    }
  }

  static final class WithoutBody extends Numbers {
    @Override
    public void run() {
      int i = getGlobalId();
      int n = i;
      while (n-- > 3) {}
      int m = 0;
      while (ints[m++] != 7 && m < i) {}
      out[i] = n * 100 + m;
    }
  }

  static final class InHelpers extends Numbers {
    private static int digits(int number) {
      int n = number;
      int count = 0;
      do {
        count++;
      } while ((n /= 10) != 0 && count < 20);
      return count;
    }

    private int first(int limit) {
      int at = 0;
      int n;
      while ((n = bytes[at]) < limit && at < OddKernels.COUNT - 1) {
        at++;
      }
      return n < limit ? -1 : at;
    }

    @Override
    public void run() {
      int i = getGlobalId();
      out[i] = digits(ints[i]);
      more[i] = first(i * 3);
    }
  }
}
