/** What an address space costs: its tables, and the launch of kernels in it. */
package dev.gmem.bench.space;
