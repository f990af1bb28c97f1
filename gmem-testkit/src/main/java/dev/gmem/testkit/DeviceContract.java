package dev.gmem.testkit;

import org.junit.jupiter.api.Nested;

/**
 * The whole contract: every facet, as a nested class of the test.
 *
 * <table>
 *   <caption>Facets</caption>
 *   <tr><th>facet</th><th>needs</th></tr>
 *   <tr><td>{@link LifecycleContract}</td><td></td></tr>
 *   <tr><td>{@link MappingContract}</td><td></td></tr>
 *   <tr><td>{@link GranuleContract}</td><td></td></tr>
 *   <tr><td>{@link CapacityContract}</td><td>a memory of at most 256 MiB</td></tr>
 *   <tr><td>{@link ConcurrencyContract}</td><td></td></tr>
 *   <tr><td>{@link CopyContract}</td><td>what is implemented of {@code copy}</td></tr>
 *   <tr><td>{@link PeerContract}</td><td>{@code PEER_COPY}, {@code peerMove}</td></tr>
 *   <tr><td>{@link ProtectContract}</td><td>{@code peerProtect}</td></tr>
 *   <tr><td>{@link ComputeContract}</td><td>{@code COMPUTE}</td></tr>
 *   <tr><td>{@link FaultContract}</td><td>{@code COMPUTE}, {@code REPLAYABLE_FAULTS}</td></tr>
 *   <tr><td>{@link LossContract}</td><td>a device that {@linkplain DeviceFixture#newMortal can be
 *     made to die}</td></tr>
 * </table>
 */
public abstract class DeviceContract {
  /** For subclasses. */
  protected DeviceContract() {}

  /**
   * Says which device to test.
   *
   * @return the fixture; the same one each time, or equivalent ones
   */
  protected abstract DeviceFixture fixture();

  @Nested
  class Lifecycle extends LifecycleContract {
    @Override
    protected DeviceFixture fixture() {
      return DeviceContract.this.fixture();
    }
  }

  @Nested
  class Mapping extends MappingContract {
    @Override
    protected DeviceFixture fixture() {
      return DeviceContract.this.fixture();
    }
  }

  @Nested
  class Granule extends GranuleContract {
    @Override
    protected DeviceFixture fixture() {
      return DeviceContract.this.fixture();
    }
  }

  @Nested
  class Capacity extends CapacityContract {
    @Override
    protected DeviceFixture fixture() {
      return DeviceContract.this.fixture();
    }
  }

  @Nested
  class Concurrency extends ConcurrencyContract {
    @Override
    protected DeviceFixture fixture() {
      return DeviceContract.this.fixture();
    }
  }

  @Nested
  class Copy extends CopyContract {
    @Override
    protected DeviceFixture fixture() {
      return DeviceContract.this.fixture();
    }
  }

  @Nested
  class Peer extends PeerContract {
    @Override
    protected DeviceFixture fixture() {
      return DeviceContract.this.fixture();
    }
  }

  @Nested
  class Protect extends ProtectContract {
    @Override
    protected DeviceFixture fixture() {
      return DeviceContract.this.fixture();
    }
  }

  @Nested
  class Compute extends ComputeContract {
    @Override
    protected DeviceFixture fixture() {
      return DeviceContract.this.fixture();
    }
  }

  @Nested
  class Loss extends LossContract {
    @Override
    protected DeviceFixture fixture() {
      return DeviceContract.this.fixture();
    }
  }

  @Nested
  class Fault extends FaultContract {
    @Override
    protected DeviceFixture fixture() {
      return DeviceContract.this.fixture();
    }
  }
}
