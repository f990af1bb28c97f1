package dev.gmem;

/**
 * What a transfer took.
 *
 * @param bytes bytes copied from one node to another; those that were there already, and zeros that
 *     nobody has ever touched, do not count
 */
public record TransferResult(long bytes) {}
