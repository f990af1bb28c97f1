package dev.gmem.aparapi;

import com.aparapi.Kernel;
import java.io.ByteArrayInputStream;
import java.io.InputStream;

/** Holds one class that has been made, and its class file, from which kernels are translated. */
final class KernelLoader extends ClassLoader {
  private final byte[] file;

  private KernelLoader(String name, ClassLoader parent, byte[] file) {
    super(name, parent);
    this.file = file;
  }

  /**
   * Loads a kernel.
   *
   * @param loader the name of its loader
   * @param parent where what it refers to is found
   * @param type the name of the class
   * @param file its class file
   */
  static Class<? extends Kernel> load(String loader, ClassLoader parent, String type, byte[] file) {
    return new KernelLoader(loader, parent, file)
        .defineClass(type, file, 0, file.length)
        .asSubclass(Kernel.class);
  }

  /** Those who write lambdas need not have Aparapi. */
  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    return name.equals(Kernel.class.getName()) ? Kernel.class : super.loadClass(name, resolve);
  }

  @Override
  public InputStream getResourceAsStream(String name) {
    return findLoadedClass(name.replaceFirst("\\.class$", "").replace('/', '.')) != null
        ? new ByteArrayInputStream(file)
        : super.getResourceAsStream(name);
  }
}
