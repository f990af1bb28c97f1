/**
 * The contract that every device must pass, for authors of device plugins.
 *
 * <p>Extend {@link dev.gmem.testkit.DeviceContract} in your tests and override its one method:
 *
 * <pre>{@code
 * class MyDeviceContractTest extends DeviceContract {
 *   @Override
 *   protected DeviceFixture fixture() {
 *     return MyDevice::new;
 *   }
 * }
 * }</pre>
 *
 * <p>All facets run; those that need a capability which the device does not declare are skipped,
 * and the report says why. A facet can also be run by itself: each is an abstract class of its own,
 * with the same method to override.
 *
 * <p>The kit depends on the SPI and JUnit only. In place of the core it brings {@link
 * dev.gmem.testkit.TestSpace}: it allocates, maps, and serves faults, one granule at a time.
 */
package dev.gmem.testkit;
