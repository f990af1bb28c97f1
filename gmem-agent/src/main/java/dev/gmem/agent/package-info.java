/**
 * The agent: rewrites the JDK's memory access so that a CPU access can fault, and {@linkplain
 * dev.gmem.core.host.HostPlatforms#install offers} that to the core.
 *
 * <p>As little as possible happens when it is attached, because every program pays for it: two
 * classes of the JDK are rewritten, a handful is defined, one self-test runs. Everything else, the
 * foreign function interface above all, waits until an address space is opened. Code on that path
 * uses no lambdas and no string templates, whose bootstrap costs more than all the rest.
 */
package dev.gmem.agent;
