/** What two threads may see of unified memory while it migrates, and of the page table. */
package dev.gmem.jcstress;
