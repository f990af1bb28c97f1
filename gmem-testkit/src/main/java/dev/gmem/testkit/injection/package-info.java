/**
 * Fault injection: any device can be made to fail, to stall, or to say that it is busy.
 *
 * <p>Wrap the device, and say what is to happen to which of its calls. The script is a sentence:
 *
 * <pre>{@code
 * InjectedDevice device = InjectedDevice.of(new MyDevice());
 * device.inject(Injection.on(SpiCall.PEER_MAP).nth(3).returning(GmStatus.NOMEM));
 * device.inject(Injection.on(SpiCall.PEER_UNMAP).within(range).stallingUntil(stall));
 * space.attach(device);
 * }</pre>
 *
 * <p>A device can also be lost: at once ({@link dev.gmem.testkit.injection.InjectedDevice#die}), or
 * in a call ({@link dev.gmem.testkit.injection.Injection.Trigger#dying}). What is under way on the
 * wrapped device goes on to its end; nothing that comes later reaches it.
 *
 * <p>Or it is left to chance, from a seed: {@code device.inject(Injection.anything(seed, 20))}
 * disturbs one call in twenty, in any way that the SPI allows. The n-th call of a kind meets the
 * same fate in every run from the same seed, whichever thread makes it.
 *
 * <p>{@link dev.gmem.testkit.injection.Injector#log} tells what was injected.
 *
 * <table>
 *   <caption>Which class is what</caption>
 *   <tr><th>class</th><th>what it is</th></tr>
 *   <tr><td>{@link dev.gmem.testkit.injection.InjectedDevice}</td>
 *       <td>the wrapper; passes on what is not disturbed, unchanged</td></tr>
 *   <tr><td>{@link dev.gmem.testkit.injection.Injection}</td>
 *       <td>a rule: which calls, and what is done to them</td></tr>
 *   <tr><td>{@link dev.gmem.testkit.injection.Injector}</td>
 *       <td>the rules in force for one device, the counts, the log; serves devices made for tests
 *       without a wrapper, too</td></tr>
 *   <tr><td>{@link dev.gmem.testkit.injection.Stall}</td>
 *       <td>holds calls until the test lets them go</td></tr>
 * </table>
 *
 * <p>What an injection may not do is break the contract behind the core's back: it happens before a
 * call does anything, so that a call that fails has changed nothing. {@link
 * dev.gmem.testkit.injection.Injection.Trigger#afterwards} and {@code returning(SUCCESS)} make
 * devices that lie; they are for tests of tests.
 */
package dev.gmem.testkit.injection;
