package dev.gmem.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * OpenCL with a tally: what was made and not released, and a failure of one call on demand.
 *
 * <p>A call that is made to fail has no effect, but for releases and waiting, which happen and then
 * say that they failed. Threads: any.
 */
final class Recorder implements InvocationHandler {
  private static final Set<String> EFFECTIVE =
      Set.of(
          "releaseContext",
          "releaseQueue",
          "releaseBuffer",
          "releaseEvent",
          "releaseProgram",
          "releaseKernel",
          "finish",
          "flush");

  private final Cl real;
  private final Cl cl;
  private final Map<String, Integer> alive = new TreeMap<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private int failAt = -1;
  private int failCode;
  private String failOnly;
  private int counted;
  private String failed;
  private boolean dead;

  Recorder(Cl real) {
    this.real = real;
    this.cl =
        (Cl) Proxy.newProxyInstance(Cl.class.getClassLoader(), new Class<?>[] {Cl.class}, this);
  }

  Cl cl() {
    return cl;
  }

  /** Has one call fail, counted from now. */
  synchronized void failAt(int call, int code) {
    failAt = call;
    failOnly = null;
    failCode = code;
    counted = 0;
    failed = null;
    calls.clear();
  }

  /** Has one call of a function fail, counted from now. */
  synchronized void failAt(String function, int call, int code) {
    failAt(call, code);
    failOnly = function;
  }

  /** Has every call fail from now on. */
  synchronized void failAll(int code) {
    dead = true;
    failCode = code;
  }

  /** Has no call fail any more. */
  synchronized void failNone() {
    failAt = -1;
    failOnly = null;
  }

  /** The function that was made to fail, or null. */
  synchronized String failed() {
    return failed;
  }

  /** Functions called since {@link #failAt}. */
  List<String> calls() {
    return List.copyOf(calls);
  }

  synchronized int alive(String kind) {
    return alive.getOrDefault(kind, 0);
  }

  synchronized void assertNothingAlive() {
    alive.values().removeIf(count -> count == 0);
    assertEquals(Map.of(), alive, "made and not released");
  }

  @Override
  public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
    String name = method.getName();
    if (method.getDeclaringClass() == Object.class) {
      return method.invoke(this, arguments);
    }
    calls.add(name);
    boolean fails = fails(name);
    if (fails && !EFFECTIVE.contains(name)) {
      throw new ClException(name, failCode);
    }
    try {
      Object result = method.invoke(real, arguments);
      count(name, result);
      if (fails) {
        throw new ClException(name, failCode);
      }
      return result;
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  private synchronized boolean fails(String name) {
    if (dead) {
      return true;
    }
    boolean counts = failAt >= 0 && (failOnly == null || failOnly.equals(name));
    if (!counts || counted++ != failAt) {
      return false;
    }
    failAt = -1;
    failed = name;
    return true;
  }

  private synchronized void count(String name, Object result) {
    if (name.startsWith("create")) {
      add(kind(name.substring("create".length())), result instanceof List<?> l ? l.size() : 1);
    } else if (name.startsWith("enqueue")) {
      add("Event", 1);
    } else if (name.startsWith("release")) {
      add(name.substring("release".length()), -1);
    }
  }

  private static String kind(String made) {
    return made.endsWith("Buffer") ? "Buffer" : made.equals("Kernels") ? "Kernel" : made;
  }

  private void add(String kind, int count) {
    alive.merge(kind, count, Integer::sum);
  }
}
