package dev.gmem.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
  private static final Row KEPT =
      new Row("launch", "small", "us", 10, 11, figure(Figure.Kind.RATIO, 1.1, 5), 1.2);
  private static final Row BROKEN =
      new Row(
          "start-up", "a \"name\"", "s", 0.1, 0.5, figure(Figure.Kind.DIFFERENCE, 0.4, 5), 0.25);
  private static final Row FREE =
      new Row("streaming", "demand", "ms", 1, 3, figure(Figure.Kind.RATIO, 3, 1), Row.NO_LIMIT);

  private static Figure figure(Figure.Kind kind, double median, int pairs) {
    return new Figure(kind, median, 0.9 * median, 1.1 * median, pairs);
  }

  @Test
  void aTableHasAHeadAndALinePerRow() {
    List<String> lines = Table.lines(List.of(KEPT, BROKEN, FREE));
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0)).startsWith("benchmark").endsWith("ok?");
    assertThat(lines.get(1)).contains("x1.100", "x0.990 .. x1.210", "x1.200").endsWith("ok");
    assertThat(lines.get(2)).contains("+0.400", "+0.250").endsWith("BROKEN");
    assertThat(lines.get(3)).contains("x3.000").doesNotContain("..").endsWith("-  -");
  }

  @Test
  void columnsOfATableStandUnderEachOther() {
    List<String> lines = Table.lines(List.of(KEPT, BROKEN, FREE));
    int unit = lines.get(0).indexOf("unit");
    assertThat(lines.get(1).substring(unit)).startsWith("us ");
    assertThat(lines.get(2).substring(unit)).startsWith("s ");
    assertThat(lines.get(3).substring(unit)).startsWith("ms ");
  }

  @Test
  void jsonHasAnObjectPerRowAndNullForNoLimit() {
    String json = Json.write(List.of(KEPT, FREE));
    assertThat(json).startsWith("[\n  {").endsWith("}\n]");
    assertThat(json)
        .contains("\"benchmark\": \"launch\", \"case\": \"small\", \"unit\": \"us\"")
        .contains("\"kind\": \"ratio\", \"figure\": 1.1", "\"limit\": 1.2, \"ok\": true")
        .contains("\"limit\": null, \"ok\": true");
  }

  @Test
  void jsonEscapesWhatItMust() {
    Row row = new Row("b", "a\\\"\n", "s", 1, 1, figure(Figure.Kind.RATIO, 1, 1), 1);
    assertThat(Json.write(List.of(row))).contains("\"case\": \"a\\\\\\\"\\u000a\"");
  }

  @Test
  void jsonOfNothingIsAnEmptyArray() {
    assertThat(Json.write(List.of())).isEqualTo("[]");
  }

  @Test
  void jsonWritesWhatIsNotFiniteAsNull() {
    Row row =
        new Row("b", "c", "s", 0, 1, figure(Figure.Kind.RATIO, Double.POSITIVE_INFINITY, 1), 2);
    assertThat(Json.write(List.of(row))).contains("\"figure\": null", "\"ok\": false");
  }
}
