/** What it costs to have less memory on a device than a program uses. */
package dev.gmem.bench.memory;
