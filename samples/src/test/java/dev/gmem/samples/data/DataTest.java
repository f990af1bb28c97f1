package dev.gmem.samples.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.gmem.samples.console.Refusal;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DataTest {
  @Test
  void theBundledAirportsAreAllThere() {
    Map<String, Airport> airports = Airport.all();
    assertThat(airports).hasSize(3376);
    assertThat(airports.get("ATL").label())
        .isEqualTo("ATL William B Hartsfield-Atlanta Intl (Atlanta, GA)");
    assertThat(airports.get("BTR").name()).isEqualTo("Baton Rouge Metropolitan, Ryan");
    assertThat(airports.get("RCA").label()).isEqualTo("RCA Ellsworth AFB");
  }

  @Test
  void theBundledRoutesHaveAirportsThatNothingLeaves() {
    Routes routes = Routes.read(null);
    assertThat(routes.nodes()).hasSize(305);
    assertThat(routes.edges()).hasSize(5366);
    assertThat(java.util.Arrays.stream(routes.departures()).filter(d -> d == 0)).hasSize(2);
  }

  @Test
  void routesWithoutFlightsAreNoEdgesButTheirAirportsExist() {
    Routes routes = Routes.parse("t", "origin,destination,count\nA,B,0\nB,C,2\n");
    assertThat(routes.nodes()).containsExactly("A", "B", "C");
    assertThat(routes.edges()).containsExactly(new Routes.Edge(1, 2, 2));
    assertThatThrownBy(() -> Routes.parse("t", "origin,destination,count\n"))
        .isInstanceOf(Refusal.class);
  }

  @Test
  void theGliderGunHasThirtySixCells() {
    LifePattern gun = LifePattern.read(null);
    assertThat(gun.name()).isEqualTo("Gosper glider gun");
    assertThat(gun.cells()).hasSize(36).contains(new LifePattern.Cell(24, 0));
  }

  @Test
  void runsRowsAndTheEndOfAPatternAreUnderstood() {
    LifePattern glider = LifePattern.parse("t", "x = 3, y = 4\nbo$2bo2$3o!ooo");
    assertThat(glider.cells())
        .isEqualTo(
            List.of(
                new LifePattern.Cell(1, 0),
                new LifePattern.Cell(2, 1),
                new LifePattern.Cell(0, 3),
                new LifePattern.Cell(1, 3),
                new LifePattern.Cell(2, 3)));
  }

  @Test
  void wrongPatternsAreRefused() {
    for (String bad :
        List.of(
            "",
            "x=1",
            "x = 2, y = 1\n3o!",
            "x = 2, y = 1\n$o!",
            "x = 2, y = 1\nz!",
            "x = 99999, y = 1\no!",
            "x = 3, y = 1\n99999999999999999999o!")) {
      assertThatThrownBy(() -> LifePattern.parse("t", bad)).as(bad).isInstanceOf(Refusal.class);
    }
  }

  @Test
  void planetsAreWhereTheirOrbitsSay() {
    List<Planet> planets = Planet.all();
    assertThat(planets).hasSize(8);
    Planet earth = planets.get(2);
    assertThat(length(earth.position())).isBetween(0.983, 0.984);
    assertThat(Math.abs(earth.position()[2])).isLessThan(1e-4);
    for (Planet planet : planets) {
      double energy =
          length(planet.velocity()) * length(planet.velocity()) / 2
              - Planet.GRAVITY * (1 + planet.mass()) / length(planet.position());
      double axis = -Planet.GRAVITY * (1 + planet.mass()) / (2 * energy);
      double years = Math.sqrt(axis * axis * axis / (1 + planet.mass()));
      assertThat(years).as(planet.name()).isBetween(0.24, 165.5);
    }
    double jupiterAxis = 5.202887;
    assertThat(length(planets.get(4).position())).isCloseTo(jupiterAxis, within(0.26));
  }

  private static double length(double[] vector) {
    return Math.sqrt(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]);
  }
}
