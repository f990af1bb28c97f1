/** Loops over memory segments: what the gate costs where nothing faults. */
package dev.gmem.bench.loop;
