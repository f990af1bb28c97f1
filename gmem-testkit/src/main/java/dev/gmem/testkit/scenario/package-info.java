/**
 * What an address space must do with a device: scenarios for the real agent.
 *
 * <p>{@link dev.gmem.testkit.scenario.HmmScenarios} runs them all; {@link
 * dev.gmem.testkit.scenario.RandomOperations} makes up more.
 */
package dev.gmem.testkit.scenario;
