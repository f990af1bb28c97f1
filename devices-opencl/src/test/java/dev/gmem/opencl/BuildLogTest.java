package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** Logs of several compilers. Needs no OpenCL. */
class BuildLogTest {
  private static final String SOURCE =
      "__kernel void k(__global int* a) {\n  int x;\n  a[0] = y;\n}";
  private static final String EXPECTED =
      "line 3, column 10: use of undeclared identifier 'y'\n      a[0] = y;\n             ^";

  @Test
  void pocl() {
    assertEquals(
        EXPECTED,
        BuildLog.firstError(
            SOURCE,
            "warning: /tmp/t.cl:2:7: unused variable 'x'\n"
                + "error: /var/cache/pocl/kcache/tempfile_y.cl:3:10: use of undeclared identifier"
                + " 'y'\nDevice pthread failed to build the program\n "));
  }

  @Test
  void clang() {
    assertEquals(
        EXPECTED,
        BuildLog.firstError(
            SOURCE,
            "<kernel>:2:7: warning: unused variable 'x'\n"
                + "<kernel>:3:10: error: use of undeclared identifier 'y'\n"
                + "  a[0] = y;\n"
                + "         ^\n"
                + "1 error generated.\n"));
  }

  @Test
  void edg() {
    assertEquals(
        "line 3: identifier \"y\" is undefined\n      a[0] = y;",
        BuildLog.firstError(
            SOURCE, "\"/tmp/OCL1.cl\", line 3: error: identifier \"y\" is undefined\n"));
  }

  @Test
  void aLogWithoutAPlaceGivesNone() {
    assertEquals("", BuildLog.firstError(SOURCE, "internal compiler error"));
    assertEquals("", BuildLog.firstError(SOURCE, ""));
  }

  @Test
  void aPlaceOutsideOfTheSourceIsTold() {
    assertEquals("line 99, column 1: what", BuildLog.firstError(SOURCE, "x.h:99:1: error: what"));
  }
}
