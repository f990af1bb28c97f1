package dev.gmem.testkit.injection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gmem.spi.GmCompute;
import dev.gmem.spi.GmDevice;
import dev.gmem.spi.GmKernel;
import dev.gmem.spi.GmMmu;
import dev.gmem.spi.GmProgram;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A method of the SPI that has a default would be answered by that default, not by the wrapped
 * device, if the wrapper forgot it.
 */
class WrapperCompletenessTest {
  static Stream<Arguments> wrappers() throws ClassNotFoundException {
    return Stream.of(
        Arguments.of(GmDevice.class, InjectedDevice.class),
        Arguments.of(GmMmu.class, InjectedMmu.class),
        Arguments.of(GmCompute.class, InjectedCompute.class),
        Arguments.of(GmProgram.class, Class.forName(InjectedCompute.class.getName() + "$Program")),
        Arguments.of(GmKernel.class, Class.forName(InjectedCompute.class.getName() + "$Kernel")));
  }

  @ParameterizedTest
  @MethodSource("wrappers")
  void everyMethodOfTheSpiIsPassedOn(Class<?> spi, Class<?> wrapper) {
    assertThat(Arrays.stream(spi.getMethods()).filter(m -> !Modifier.isStatic(m.getModifiers())))
        .isNotEmpty()
        .allMatch(method -> declares(wrapper, method), "is declared by " + wrapper);
  }

  private static boolean declares(Class<?> wrapper, Method method) {
    try {
      wrapper.getDeclaredMethod(method.getName(), method.getParameterTypes());
      return true;
    } catch (NoSuchMethodException e) {
      return false;
    }
  }
}
