/**
 * The agent: rewrites the JDK's memory access so that a CPU access can fault, and {@linkplain
 * dev.gmem.core.host.HostPlatforms#offer offers} that to the core.
 *
 * <p>As little as possible happens when it is attached, because every program pays for it: the
 * options are read. When the first address space is opened, three classes of the JDK are rewritten,
 * a handful is defined, and a self-test runs. Code on these paths uses no lambdas and no string
 * templates, whose bootstrap costs more than most of the rest.
 */
package dev.gmem.agent;
