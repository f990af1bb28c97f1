/** What OpenCL devices cost beside OpenCL by hand: the same calls, on the same device. */
package dev.gmem.bench.opencl;
