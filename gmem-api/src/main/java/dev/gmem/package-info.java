/**
 * What programs use: one address space that Java code and accelerators share.
 *
 * <p>{@link dev.gmem.Gmem#open()} opens an {@link dev.gmem.AddressSpace}; its {@linkplain
 * dev.gmem.AddressSpace#arena() arenas} hand out ordinary {@link java.lang.foreign.MemorySegment}s;
 * its {@linkplain dev.gmem.AddressSpace#device(String) devices} compute on them. There is no call
 * that copies: whoever touches a page that lives elsewhere takes a fault, and the page moves.
 *
 * <p>Sizes are in bytes unless a name says otherwise, ranges are half open, times are in
 * nanoseconds.
 */
package dev.gmem;
