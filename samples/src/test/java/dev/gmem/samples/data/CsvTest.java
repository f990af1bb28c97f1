package dev.gmem.samples.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gmem.samples.console.Refusal;
import java.util.List;
import org.junit.jupiter.api.Test;

class CsvTest {
  @Test
  void quotedFieldsMayHoldCommasAndQuotes() {
    List<Csv.Row> rows =
        Csv.parse("t", "a,b\r\n\"x, y\",\"say \"\"hi\"\"\"\n\n 1 ,\n", "a", "b").rows();
    assertThat(rows).hasSize(2);
    assertThat(rows.get(0).text("a")).isEqualTo("x, y");
    assertThat(rows.get(0).text("b")).isEqualTo("say \"hi\"");
    assertThat(rows.get(1).number("a")).isEqualTo(1);
    assertThat(rows.get(1).text("b")).isEmpty();
  }

  @Test
  void aByteOrderMarkIsNoPartOfTheFirstHeading() {
    assertThat(Csv.parse("t", "\uFEFFa\n1\n", "a").rows().getFirst().count("a")).isEqualTo(1);
  }

  @Test
  void errorsNameTheLine() {
    assertThatThrownBy(() -> Csv.parse("t", "a,b\n1,2\n3\n"))
        .isInstanceOf(Refusal.class)
        .hasMessage("t, line 3 has 1 fields, the first line has 2");
    assertThatThrownBy(() -> Csv.parse("t", "a\n\"1\n")).hasMessageContaining("line 2");
    assertThatThrownBy(() -> Csv.parse("t", "a\n1\n", "b")).hasMessageContaining("'b'");
    Csv.Row row = Csv.parse("t", "a\nx\n").rows().getFirst();
    assertThatThrownBy(() -> row.number("a"))
        .hasMessageContaining("t, line 2")
        .hasMessageContaining("'x'");
    assertThatThrownBy(() -> row.count("a")).isInstanceOf(Refusal.class);
  }

  @Test
  void numbersMustBeFiniteAndCountsNotNegative() {
    Csv.Row row = Csv.parse("t", "a,b\nNaN,-1\n").rows().getFirst();
    assertThatThrownBy(() -> row.number("a")).isInstanceOf(Refusal.class);
    assertThatThrownBy(() -> row.count("b")).isInstanceOf(Refusal.class);
  }
}
