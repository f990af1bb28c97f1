package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which transfers their caller waits for. */
class TransfersTest {
  @ParameterizedTest
  @CsvSource({
    "true,  true,  4194303, false",
    "true,  true,  4194304, true",
    "true,  false, 4194303, false",
    "true,  false, 4194304, true",
    "false, true,  262143,  false",
    "false, true,  262144,  true",
    "false, false, 4096,    true",
  })
  void aDriverWithABufferOfItsOwnCopiesBestWhileItsCallerWaits(
      boolean hostUnified, boolean write, long bytes, boolean blocks) {
    assertEquals(blocks, Transfers.block(hostUnified, write, bytes));
  }
}
