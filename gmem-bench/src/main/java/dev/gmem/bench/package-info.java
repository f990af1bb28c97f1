/**
 * Benchmarks in pairs: a floor, which is what the machine or the JDK takes anyway, and what is
 * measured. Floor and measured take turns in one run, and what is reported is the median over the
 * turns, because other programs share the machine.
 */
package dev.gmem.bench;
