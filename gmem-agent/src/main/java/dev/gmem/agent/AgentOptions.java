package dev.gmem.agent;

import dev.gmem.GmemUnavailableException;

/**
 * The agent's options, as in {@code -javaagent:gmem-agent.jar=heal=off,log=on}: pairs of key and
 * value, separated by commas.
 *
 * <table>
 * <caption>Options</caption>
 * <tr><th>key</th><th>values</th><th>default</th><th>meaning</th></tr>
 * <tr><td>early</td><td>on, off</td><td>off</td><td>Rewrite the JDK's classes when attached,
 *     rather than when the first address space is opened.</td></tr>
 * <tr><td>heal</td><td>on, off</td><td>on</td><td>Compile segment code anew when faults have
 *     become rare, so that loops run at full speed again.</td></tr>
 * <tr><td>healQuietMillis</td><td>1 to 3600000</td><td>500</td><td>How long no access must have
 *     taken the seated way before that.</td></tr>
 * <tr><td>log</td><td>on, off</td><td>off</td><td>Write one line to the standard error stream
 *     when the JDK's classes have been rewritten, and one each time segment code is compiled
 *     anew.</td></tr>
 * </table>
 *
 * @param early whether to rewrite at once
 * @param heal whether to heal
 * @param healQuietMillis how long it must have been quiet before
 * @param log whether to log
 */
public record AgentOptions(boolean early, boolean heal, int healQuietMillis, boolean log) {
  private static final int HEAL_QUIET_MILLIS_MAX = 3_600_000;

  /**
   * Reads options.
   *
   * @param text as the JVM hands it over; null or empty for none
   * @return the options
   * @throws GmemUnavailableException if a key or value is unknown; the message says which, and what
   *     there is
   */
  public static AgentOptions parse(String text) {
    boolean early = false;
    boolean heal = true;
    int healQuietMillis = 500;
    boolean log = false;
    if (text != null && !text.isEmpty()) {
      for (String pair : text.split(",")) {
        int equals = pair.indexOf('=');
        String key = equals < 0 ? pair : pair.substring(0, equals);
        String value = equals < 0 ? "" : pair.substring(equals + 1);
        switch (key) {
          case "early" -> early = onOff(key, value);
          case "heal" -> heal = onOff(key, value);
          case "healQuietMillis" -> healQuietMillis = millis(key, value);
          case "log" -> log = onOff(key, value);
          default ->
              throw new GmemUnavailableException(
                  "The GMEM agent has no option \""
                      + key
                      + "\": there are early=on|off, heal=on|off, healQuietMillis=<number> and"
                      + " log=on|off");
        }
      }
    }
    return new AgentOptions(early, heal, healQuietMillis, log);
  }

  private static boolean onOff(String key, String value) {
    if (!value.equals("on") && !value.equals("off")) {
      throw new GmemUnavailableException(
          "The GMEM agent's option " + key + " is on or off, not \"" + value + "\"");
    }
    return value.equals("on");
  }

  private static int millis(String key, String value) {
    try {
      int millis = Integer.parseInt(value);
      if (millis >= 1 && millis <= HEAL_QUIET_MILLIS_MAX) {
        return millis;
      }
    } catch (NumberFormatException e) {
      // The sentence below covers it.
    }
    throw new GmemUnavailableException(
        "The GMEM agent's option "
            + key
            + " is a number from 1 to "
            + HEAL_QUIET_MILLIS_MAX
            + ", not \""
            + value
            + "\"");
  }
}
