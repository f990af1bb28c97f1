package dev.gmem.samples.data;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An airport.
 *
 * @param code its IATA or FAA code
 * @param name its name
 * @param city its city, empty if unknown
 * @param state its state, empty if unknown
 * @param latitude degrees north
 * @param longitude degrees east
 */
public record Airport(
    String code, String name, String city, String state, double latitude, double longitude) {

  /**
   * Reads the airports that come with the samples.
   *
   * @return by code, in the order of the file
   */
  public static Map<String, Airport> all() {
    Csv csv =
        Csv.parse("airports.csv", Resources.text("data/airports.csv"), "iata", "name", "city");
    Map<String, Airport> airports = new LinkedHashMap<>();
    for (Csv.Row row : csv.rows()) {
      String code = row.text("iata");
      airports.put(
          code,
          new Airport(
              code,
              row.text("name"),
              known(row.text("city")),
              known(row.text("state")),
              row.number("latitude"),
              row.number("longitude")));
    }
    return airports;
  }

  private static String known(String text) {
    return text.equals("NA") ? "" : text;
  }

  /**
   * Names the airport for people.
   *
   * @return code, name and place
   */
  public String label() {
    String place = String.join(", ", List.of(city, state)).replaceAll("^, |, $", "");
    return place.isEmpty() ? code + " " + name : code + " " + name + " (" + place + ")";
  }
}
