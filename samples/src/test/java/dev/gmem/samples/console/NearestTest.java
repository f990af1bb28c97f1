package dev.gmem.samples.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NearestTest {
  private static final List<String> THERE =
      List.of("vector-add", "edge-detect", "flight-graph", "k-means", "n-body");

  @ParameterizedTest
  @CsvSource({
    "vector-ad,vector-add",
    "Vectoradd,vector-add",
    "edge,edge-detect",
    "flightgraph,flight-graph",
    "flihgt-graph,flight-graph",
    "kmeans,k-means",
    "nbody,n-body"
  })
  void findsWhatWasMeant(String typed, String meant) {
    assertThat(Nearest.to(typed, THERE)).contains(meant);
  }

  @Test
  void findsNothingWhereNothingIsNear() {
    assertThat(Nearest.to("bitcoin", THERE)).isEmpty();
    assertThat(Nearest.to("", THERE)).isEmpty();
  }

  @Test
  void countsEdits() {
    assertThat(Nearest.edits("kitten", "sitting")).isEqualTo(3);
    assertThat(Nearest.edits("", "abc")).isEqualTo(3);
  }
}
