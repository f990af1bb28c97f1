package dev.gmem.sim;

/**
 * One call of the SPI, as a {@link SimInjection} sees it.
 *
 * @param call which call
 * @param address first unified address concerned, or 0 if the call has none
 * @param bytes how many bytes it concerns, or 0
 */
public record SimEvent(SimCall call, long address, long bytes) {}
