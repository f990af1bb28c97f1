package dev.gmem.agent;

/**
 * What the agent has counted since it was attached, in this JVM.
 *
 * @param slowCalls accesses that were not let through by an open gate
 * @param faults calls of {@code HostFaults.fault}
 * @param retries accesses that a handshake unwound, and that were made again
 * @param handshakes handshakes
 * @param heals how often segment code was compiled anew
 */
public record AgentCounters(
    long slowCalls, long faults, long retries, long handshakes, long heals) {}
