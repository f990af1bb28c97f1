/** JVMs that benchmarks start: with the agent, without it, through JMH or by themselves. */
package dev.gmem.bench.jvm;
