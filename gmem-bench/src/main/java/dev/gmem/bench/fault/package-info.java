/** What faults, revocations and the traffic between host and device cost. */
package dev.gmem.bench.fault;
