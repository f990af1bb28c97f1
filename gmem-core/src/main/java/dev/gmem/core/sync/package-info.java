/**
 * Monitors and the order in which they may be taken. Everything in the core that blocks goes
 * through {@link dev.gmem.core.sync.Monitor}, so that a test can decide who runs when.
 */
package dev.gmem.core.sync;
