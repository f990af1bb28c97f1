/**
 * What a kernel written as a Java lambda sees: its work item, its arguments, and the memory of the
 * device it runs on, addressed by unified addresses.
 */
package dev.gmem.kernel;
