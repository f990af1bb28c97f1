/**
 * OpenCL devices, through JOCL.
 *
 * <p>{@link dev.gmem.opencl.OpenClDeviceProvider} offers one device per OpenCL device of the
 * machine. Each works in one of two modes, of which its description tells:
 *
 * <ul>
 *   <li><b>discrete</b>: the device has memory of its own; granules migrate there and back. An
 *       allocation is one {@code cl_mem}, made when the first of its granules comes and kept when
 *       the last one leaves, because an argument of a kernel must be contiguous.
 *   <li><b>zero-copy</b>: kernels work on the host frames themselves; nothing is transferred.
 * </ul>
 *
 * <p><b>Code map.</b> {@code Cl} is all of OpenCL that is used, one method per function, and {@code
 * JoclCl} binds it; {@code DeviceFacts} and {@code HostProbe} are what a device says of itself and
 * what it can be seen to do; {@code Session} is a context with its {@code Lane}s, the queues;
 * {@code OpenClMmu} maps and moves, with a {@code Store} for each allocation; {@code OpenClKernel}
 * launches, checked by {@code LaunchRules}. {@code DriverThread} initialises drivers, and {@code
 * JvmSignals} says which signal handlers they may not take.
 *
 * <p><b>Ownership.</b> Whoever makes an OpenCL object releases it, also when what follows fails. An
 * object that a command uses is released by the lane once the command has ended.
 */
package dev.gmem.opencl;
