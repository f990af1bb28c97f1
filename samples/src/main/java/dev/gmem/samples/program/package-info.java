/** The samples: programs whose CPU code and kernels share buffers, each checked by plain Java. */
package dev.gmem.samples.program;
