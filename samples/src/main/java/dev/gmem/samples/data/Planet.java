package dev.gmem.samples.data;

import java.util.List;

/**
 * A planet on its mean orbit at epoch J2000, around a sun of mass 1.
 *
 * @param name its name
 * @param mass in masses of the sun
 * @param position in astronomical units, in the plane of the ecliptic and above it
 * @param velocity in astronomical units per day
 */
public record Planet(String name, double mass, double[] position, double[] velocity) {
  /**
   * The sun's attraction: Gauss's constant squared, in cubic astronomical units per day squared.
   */
  public static final double GRAVITY = 0.01720209895 * 0.01720209895;

  /**
   * Reads the planets that come with the samples.
   *
   * @return from the sun outwards
   */
  public static List<Planet> all() {
    return Csv.parse("planets.csv", Resources.text("data/planets.csv"), "name").rows().stream()
        .map(Planet::of)
        .toList();
  }

  private static Planet of(Csv.Row row) {
    double axis = row.number("semi_major_axis_au");
    double perihelion = Math.toRadians(row.number("perihelion_longitude_deg"));
    double node = Math.toRadians(row.number("node_longitude_deg"));
    double meanAnomaly = Math.toRadians(row.number("mean_longitude_deg")) - perihelion;
    double mass = 1 / row.number("sun_masses_inverse");
    return onOrbit(
        row.text("name"),
        mass,
        new double[] {axis, row.number("eccentricity"), meanAnomaly},
        new double[] {Math.toRadians(row.number("inclination_deg")), node, perihelion - node});
  }

  /**
   * Puts a body on an orbit around the sun.
   *
   * @param name its name
   * @param mass in masses of the sun
   * @param shape semi-major axis, eccentricity (below 1), mean anomaly in radians
   * @param angles inclination, longitude of the node, argument of the perihelion, in radians
   * @return the body
   */
  public static Planet onOrbit(String name, double mass, double[] shape, double[] angles) {
    double axis = shape[0];
    double e = shape[1];
    double anomaly = eccentricAnomaly(shape[2], e);
    double flattening = Math.sqrt(1 - e * e);
    double x = axis * (Math.cos(anomaly) - e);
    double y = axis * flattening * Math.sin(anomaly);
    double rate = Math.sqrt(GRAVITY * (1 + mass) / (axis * axis * axis));
    double speed = axis * rate / (1 - e * Math.cos(anomaly));
    double vx = -speed * Math.sin(anomaly);
    double vy = speed * flattening * Math.cos(anomaly);
    return new Planet(name, mass, turned(x, y, angles), turned(vx, vy, angles));
  }

  /** Solves Kepler's equation by Newton's method. */
  private static double eccentricAnomaly(double meanAnomaly, double eccentricity) {
    double anomaly = meanAnomaly;
    for (int i = 0; i < 20; i++) {
      double error = anomaly - eccentricity * Math.sin(anomaly) - meanAnomaly;
      anomaly -= error / (1 - eccentricity * Math.cos(anomaly));
    }
    return anomaly;
  }

  /** Turns a vector of the orbit's plane into the ecliptic's frame. */
  private static double[] turned(double x, double y, double[] angles) {
    double cosI = Math.cos(angles[0]);
    double sinI = Math.sin(angles[0]);
    double cosNode = Math.cos(angles[1]);
    double sinNode = Math.sin(angles[1]);
    double cosArg = Math.cos(angles[2]);
    double sinArg = Math.sin(angles[2]);
    double inPlaneX = x * cosArg - y * sinArg;
    double inPlaneY = x * sinArg + y * cosArg;
    return new double[] {
      inPlaneX * cosNode - inPlaneY * sinNode * cosI,
      inPlaneX * sinNode + inPlaneY * cosNode * cosI,
      inPlaneY * sinI
    };
  }
}
