/** The {@code gmem} command: runs the samples, lists the devices, examines the installation. */
package dev.gmem.cli;
