/**
 * Kernels written in Java, as subclasses of Aparapi's {@code Kernel}, on unified memory.
 *
 * <p>{@link dev.gmem.aparapi.JavaKernel} is the entry, and {@link dev.gmem.aparapi.MapKernel} that
 * for lambdas. Everything else is internal: {@code Translation} is what is known of a class once it
 * has been translated, {@code KernelCode} the bytecode that its {@code run} method reaches, {@code
 * KernelRules} what that may contain, {@code KernelCopy} the same code over a device's memory for
 * devices that execute Java.
 */
package dev.gmem.aparapi;
