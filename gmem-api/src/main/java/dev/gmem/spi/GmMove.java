package dev.gmem.spi;

/**
 * What {@link GmMmu#peerMove} is asked to do.
 *
 * @param range the run to take over; none of it is mapped on this device
 * @param from the device that owns it: all of it is mapped there, and no other call concerns it
 */
public record GmMove(GmRange range, GmDevice from) {}
