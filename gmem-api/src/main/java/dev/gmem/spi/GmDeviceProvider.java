package dev.gmem.spi;

/**
 * Offers the devices of one kind. Found by {@link java.util.ServiceLoader}; needs a public
 * constructor without parameters that does nothing.
 */
public interface GmDeviceProvider {
  /**
   * Returns the name of the kind.
   *
   * @return lower case, for instance {@code "sim"}; identifiers of its devices begin with it
   */
  String name();

  /**
   * Tells how much this kind is preferred when the user names no device. Simulated devices are
   * negative, real ones are not.
   *
   * @return higher is asked first
   */
  default int preference() {
    return 0;
  }

  /**
   * Looks for devices. A missing runtime is an answer, not an exception.
   *
   * <p>A native library that is loaded here must leave the JVM's signal handlers where they are,
   * those of SIGSEGV and SIGFPE above all; compilers that embed LLVM do not by themselves. A JVM
   * that is started with {@code LD_PRELOAD=$JAVA_HOME/lib/libjsig.so} keeps them in any case.
   *
   * @return the devices, or why there are none
   */
  GmDiscovery discover();
}
