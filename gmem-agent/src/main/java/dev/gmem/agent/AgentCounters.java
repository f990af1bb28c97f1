package dev.gmem.agent;

/**
 * What the agent has counted since it was attached, in this JVM.
 *
 * @param slowCalls accesses that were not let through by an open gate
 * @param faults calls of {@code HostFaults.fault}
 * @param waits accesses that a revocation found under way, and waited for
 * @param revocations how often access was taken away
 * @param heals how often segment code was compiled anew
 */
public record AgentCounters(
    long slowCalls, long faults, long waits, long revocations, long heals) {}
