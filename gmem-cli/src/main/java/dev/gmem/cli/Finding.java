package dev.gmem.cli;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What the doctor found out about one thing.
 *
 * @param check what was examined
 * @param status how it is
 * @param detail the facts
 * @param remedy what to do about it, or null
 */
record Finding(String check, Status status, String detail, String remedy) {
  /** How a thing is. */
  enum Status {
    /** As it should be. */
    GOOD,
    /** Not needed, or could be better. */
    NOTE,
    /** Needed, and does not work. */
    BROKEN
  }

  static Finding good(String check, String detail) {
    return new Finding(check, Status.GOOD, detail, null);
  }

  static Finding note(String check, String detail, String remedy) {
    return new Finding(check, Status.NOTE, detail, remedy);
  }

  static Finding broken(String check, String detail, String remedy) {
    return new Finding(check, Status.BROKEN, detail, remedy);
  }

  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("check", check);
    map.put("status", status.name().toLowerCase(Locale.ROOT));
    map.put("detail", detail);
    map.put("remedy", remedy);
    return map;
  }
}
