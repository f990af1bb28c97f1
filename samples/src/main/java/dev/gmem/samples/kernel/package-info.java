/**
 * Kernels of the samples as classes for Aparapi: one form, which OpenCL devices and those that
 * execute Java both run. Their fields are what the OpenCL C of the same names takes as arguments.
 */
package dev.gmem.samples.kernel;
