package dev.gmem.samples.console;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JsonTest {
  @Test
  void whatIsWrittenIsReadAgainInOrder() throws IOException {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("text", "\"quoted\" \\ \n ü");
    map.put("list", List.of(1, 2.5, true));
    map.put("none", null);
    map.put("inner", Map.of("x", 1));
    String json = Json.write(map);
    assertThat(JSON.std.mapFrom(json).toString()).isEqualTo(map.toString());
  }
}
