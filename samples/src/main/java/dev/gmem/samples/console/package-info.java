/** How a command talks to its user: exit codes, refusals in one sentence, progress, JSON. */
package dev.gmem.samples.console;
