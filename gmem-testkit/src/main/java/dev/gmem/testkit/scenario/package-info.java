/**
 * What an address space must do with a device: scenarios for the real agent.
 *
 * <p>{@link dev.gmem.testkit.scenario.HmmScenarios} runs them all.
 */
package dev.gmem.testkit.scenario;
