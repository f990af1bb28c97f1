/** The samples as commands: {@code java -jar gmem-samples.jar vector-add}. */
package dev.gmem.samples;
