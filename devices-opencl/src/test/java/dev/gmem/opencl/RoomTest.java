package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class RoomTest {
  @Test
  void roomIsTakenUpToItsLimit() {
    Room room = new Room(10);
    assertTrue(room.take(6));
    assertFalse(room.take(5));
    assertTrue(room.take(4));
    room.give(6);
    assertEquals(4, room.usedBytes());
  }

  @Test
  void whatDoesNotFitKeepsNobodyFromTakingWhatDoes() throws InterruptedException {
    Room room = new Room(10);
    AtomicBoolean stop = new AtomicBoolean();
    Thread greedy =
        Thread.ofPlatform()
            .start(
                () -> {
                  while (!stop.get()) {
                    assertFalse(room.take(11));
                  }
                });
    int refused = 0;
    for (int i = 0; i < 2_000_000; i++) {
      if (room.take(10)) {
        room.give(10);
      } else {
        refused++;
      }
    }
    stop.set(true);
    greedy.join();
    assertEquals(0, refused);
  }
}
