/**
 * What the core needs of the host: gates on CPU access, and raw memory. The core knows no agent;
 * the agent, or a test, {@linkplain dev.gmem.core.host.HostPlatforms#offer installs} a {@link
 * dev.gmem.core.host.HostPlatform}.
 */
package dev.gmem.core.host;
