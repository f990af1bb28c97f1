package dev.gmem.core.space;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.AddressSpaceExhaustedException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FreeAddressesTest {
  private static final long BASE = 3L << 20;
  private static final int PAGES = 64;
  private static final long PAGE = 4096;

  private record Taken(long address, long bytes) {}

  /**
   * Numbers below 0 give something back; others take that many pages, aligned to a power of two.
   */
  @Property(tries = 500)
  void itTakesTheFirstGapThatFitsAndMergesWhatComesBack(
      @ForAll @Size(max = 40) List<@IntRange(min = -40, max = 63) Integer> operations) {
    FreeAddresses free = new FreeAddresses(BASE, PAGES * PAGE);
    BitSet used = new BitSet(PAGES);
    List<Taken> taken = new ArrayList<>();
    for (int operation : operations) {
      if (operation < 0) {
        if (!taken.isEmpty()) {
          Taken back = taken.remove(-operation % taken.size());
          free.giveBack(back.address(), back.bytes());
          used.clear(page(back.address()), page(back.address() + back.bytes()));
        }
      } else {
        int pages = operation % 20 + 1;
        int alignedPages = 1 << operation % 5;
        int expected = firstFit(used, pages, alignedPages);
        if (expected < 0) {
          assertThatThrownBy(() -> free.take(pages * PAGE, alignedPages * PAGE))
              .isInstanceOf(AddressSpaceExhaustedException.class);
        } else {
          long address = free.take(pages * PAGE, alignedPages * PAGE);
          assertThat(address).isEqualTo(BASE + expected * PAGE);
          used.set(expected, expected + pages);
          taken.add(new Taken(address, pages * PAGE));
        }
      }
      assertThat(free.freeBytes()).isEqualTo((PAGES - used.cardinality()) * PAGE);
    }
    taken.forEach(t -> free.giveBack(t.address(), t.bytes()));
    assertThat(free.take(PAGES * PAGE, PAGE)).isEqualTo(BASE);
  }

  private static int page(long address) {
    return (int) ((address - BASE) / PAGE);
  }

  /** Addresses are aligned, not offsets; the base is aligned to 1 MiB. */
  private static int firstFit(BitSet used, int pages, int alignedPages) {
    for (int at = 0; at + pages <= PAGES; at += alignedPages) {
      int next = used.nextSetBit(at);
      if (next < 0 || next >= at + pages) {
        return at;
      }
    }
    return -1;
  }

  @Test
  void anExhaustedReservationSaysWhatIsLeft() {
    FreeAddresses free = new FreeAddresses(BASE, 8 * PAGE);
    free.take(3 * PAGE, PAGE);
    assertThatThrownBy(() -> free.take(6 * PAGE, PAGE))
        .isInstanceOf(AddressSpaceExhaustedException.class)
        .hasMessageContaining("bytes=24576")
        .hasMessageContaining("freeBytes=20480")
        .hasMessageContaining("largestGapBytes=20480");
  }

  @Test
  void anAlignmentThatOverflowsIsExhaustionAndNothingWorse() {
    FreeAddresses free = new FreeAddresses(BASE, 8 * PAGE);
    assertThatThrownBy(() -> free.take(PAGE, 1L << 62))
        .isInstanceOf(AddressSpaceExhaustedException.class);
    assertThatThrownBy(() -> free.take(Long.MAX_VALUE - 4095, PAGE))
        .isInstanceOf(AddressSpaceExhaustedException.class);
    assertThat(free.freeBytes()).isEqualTo(8 * PAGE);
  }
}
