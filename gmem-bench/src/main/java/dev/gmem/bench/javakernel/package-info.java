/** What Java kernels cost beside their twins in OpenCL C, and beside Aparapi itself. */
package dev.gmem.bench.javakernel;
