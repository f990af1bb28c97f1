package dev.gmem.opencl;

/** What the system property {@code gmem.opencl.mode} may ask for. */
enum OpenClMode {
  /** Zero-copy where the device is host-unified and was seen to work on host memory. */
  AUTO("auto"),
  /** Memory of its own, although the device may not have any. */
  DISCRETE("discrete"),
  /** Host memory; devices that cannot are not offered. */
  ZERO_COPY("zero-copy");

  private final String text;

  OpenClMode(String text) {
    this.text = text;
  }

  String text() {
    return text;
  }
}
