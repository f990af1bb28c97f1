/** The samples' real input: pictures, airports and routes, planets, patterns. */
package dev.gmem.samples.data;
