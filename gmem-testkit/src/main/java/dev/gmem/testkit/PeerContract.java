package dev.gmem.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.gmem.Access;
import dev.gmem.spi.GmCapability;
import dev.gmem.spi.GmRange;
import dev.gmem.spi.GmStatus;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Taking over what another device of the kind owns. A device that does not do it skips this. */
public abstract class PeerContract extends FacetContract {
  private static final byte OLD = 0x6D;
  private TestSpace peer;

  /** For subclasses. */
  protected PeerContract() {}

  @BeforeEach
  final void attachPeer() {
    assumeCapability(GmCapability.PEER_COPY);
    peer = TestSpace.attach(fixture().newDevice(), fixture().granuleBytes());
  }

  @AfterEach
  final void closePeer() {
    if (peer != null) {
      peer.close();
    }
  }

  @Test
  void theBytesComeAlongAndTheHostIsLeftAlone() {
    GmRange range = owned(4);
    space().host(range).fill(OLD);
    take(space().part(range, 1, 2));
    assertHostFilled(range, OLD);
    assertSuccess(space().unmap(space().part(range, 1, 2), true));
    assertSuccess(peer.unmap(space().part(range, 0, 1), true));
    assertSuccess(peer.unmap(space().part(range, 3, 1), true));
    assertHost(range, 1);
  }

  @Test
  void anAsynchronousMoveDoesTheSame() throws ExecutionException {
    GmRange range = owned(3);
    assertSuccess(assumeImplemented("peerMove", await(space().moveAsync(range, peer))));
    space().host(range).fill(OLD);
    assertSuccess(space().unmap(range, true));
    assertHost(range, 1);
  }

  @Test
  void zerosStayZeros() {
    GmRange range = space().allocate(2);
    peer.adopt(range, space());
    assertSuccess(peer.map(range, false, Access.READ_WRITE));
    take(range);
    space().host(range).fill(OLD);
    assertSuccess(space().unmap(range, true));
    assertHostFilled(range, (byte) 0);
  }

  @Test
  void itsRoomIsFreeOnTheOtherDevice() {
    GmRange range = owned(2);
    take(range);
    fillHost(range, 2);
    assertSuccess(space().unmap(range, false));
    assertSuccess(peer.map(range, true, Access.READ_WRITE));
    space().host(range).fill(OLD);
    assertSuccess(peer.unmap(range, true));
    assertHost(range, 2);
  }

  @Test
  void whatIsMappedInPartOnlyIsRefusedAndNothingChanges() {
    GmRange range = space().allocate(3);
    peer.adopt(range, space());
    fillHost(range, 1);
    assertSuccess(peer.map(space().part(range, 0, 2), true, Access.READ_WRITE));
    GmStatus status = assumeImplemented("peerMove", space().move(range, peer));
    assertNotEquals(GmStatus.SUCCESS, status);
    GmRange mapped = space().part(range, 0, 2);
    space().host(mapped).fill(OLD);
    take(mapped);
    assertSuccess(space().unmap(mapped, true));
    assertHost(range, 1);
  }

  @Test
  void whereThereIsNoRoomItStays() {
    assumeSmallMemory();
    long granules = device().memoryBytes() / space().granuleBytes();
    GmRange range = owned(2);
    GmRange all = space().allocate(granules);
    assertSuccess(space().map(all, false, Access.READ_WRITE));
    GmStatus status = assumeImplemented("peerMove", space().move(range, peer));
    assertEquals(GmStatus.NOMEM, status);
    assertSuccess(space().unmap(all, false));
    space().host(range).fill(OLD);
    take(range);
    assertSuccess(space().unmap(range, true));
    assertHost(range, 1);
  }

  /** A run that the peer owns, with pattern 1. */
  private GmRange owned(long granules) {
    GmRange range = space().allocate(granules);
    peer.adopt(range, space());
    fillHost(range, 1);
    assertSuccess(peer.map(range, true, Access.READ_WRITE));
    return range;
  }

  private void take(GmRange range) {
    assertSuccess(assumeImplemented("peerMove", space().move(range, peer)));
  }
}
