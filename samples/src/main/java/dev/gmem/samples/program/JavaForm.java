package dev.gmem.samples.program;

import com.aparapi.Kernel;
import java.util.List;

/**
 * A kernel as a class for Aparapi.
 *
 * @param kernel an instance
 * @param fields names of the fields that its arguments are for, in their order
 */
record JavaForm(Kernel kernel, List<String> fields) {
  JavaForm(Kernel kernel, String... fields) {
    this(kernel, List.of(fields));
  }
}
