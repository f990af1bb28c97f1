package dev.gmem.agent.rewrite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.attribute.RuntimeVisibleAnnotationsAttribute;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A JDK of another shape than the known one is refused, and the first difference is named. */
class JdkRewriterTest {
  private static final String ACCESS = "/jdk/internal/misc/ScopedMemoryAccess.class";
  private static final String SESSION = "/jdk/internal/foreign/SharedSession.class";

  @Test
  void theKnownShapeIsRewrittenWholly() throws IOException {
    byte[] rewritten = JdkRewriter.rewriteAccess(original(ACCESS));
    // Eight types in four orders, four unaligned, two vectors; a store has one order here.
    assertThat(calls(rewritten, "GmGate", "checkRead")).isEqualTo(8 * 4 + 4 + 2);
    assertThat(calls(rewritten, "GmGate", "checkWrite")).isEqualTo(8 + 4 + 2);
    assertThat(calls(rewritten, "GmSeated", "access")).isGreaterThan(150);
    assertThat(calls(JdkRewriter.rewriteSession(original(SESSION)), "GmGate", "acquire"))
        .isEqualTo(1);
  }

  @Test
  void whatIsNotRewrittenKeepsItsShape() throws IOException {
    byte[] original = original(ACCESS);
    byte[] rewritten = JdkRewriter.rewriteAccess(original);
    assertThat(signatures(rewritten)).isEqualTo(signatures(original));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "getInt",
        "getIntInternal",
        "putLongUnaligned",
        "compareAndSetLongInternal",
        "copyMemory",
        "vectorizedMismatchInternal",
        "loadFromMemorySegment"
      })
  void aMissingMethodIsNamed(String name) throws IOException {
    byte[] other = without(original(ACCESS), named(name));
    assertThatThrownBy(() -> JdkRewriter.rewriteAccess(other))
        .isInstanceOf(UnknownJdkException.class)
        .hasMessageContaining("has no method " + name);
  }

  @Test
  void aMethodThatTheHandshakeDoesNotKnowIsNamed() throws IOException {
    byte[] other =
        methods(
            original(ACCESS),
            named("getLongInternal"),
            MethodTransform.dropping(e -> e instanceof RuntimeVisibleAnnotationsAttribute));
    assertThatThrownBy(() -> JdkRewriter.rewriteAccess(other))
        .isInstanceOf(UnknownJdkException.class)
        .hasMessageContaining("getLongInternal is not annotated with @Scoped");
  }

  @Test
  void aWrapperThatDoesSomethingElseIsNamed() throws IOException {
    byte[] other =
        methods(
            original(ACCESS),
            named("getShort"),
            MethodTransform.transformingCode(
                (code, element) -> {
                  if (element instanceof InvokeInstruction call
                      && call.name().equalsString("getShortInternal")) {
                    code.invokevirtual(call.owner().asSymbol(), "getShort", call.typeSymbol());
                  } else {
                    code.with(element);
                  }
                }));
    assertThatThrownBy(() -> JdkRewriter.rewriteAccess(other))
        .isInstanceOf(UnknownJdkException.class)
        .hasMessageContaining("getShort calls getShortInternal 0 times");
  }

  @Test
  void aScopedMethodThatDoesNotTestItsSessionIsNamed() throws IOException {
    byte[] other =
        methods(
            original(ACCESS),
            named("putIntInternal"),
            MethodTransform.transformingCode(
                (code, element) -> {
                  if (element instanceof InvokeInstruction call
                      && call.name().equalsString("checkValidStateRaw")) {
                    code.pop();
                  } else {
                    code.with(element);
                  }
                }));
    assertThatThrownBy(() -> JdkRewriter.rewriteAccess(other))
        .isInstanceOf(UnknownJdkException.class)
        .hasMessageContaining("putIntInternal tests 0 sessions where 1 were expected");
  }

  @Test
  void anUnknownScopedMethodIsNamed() throws IOException {
    byte[] original = original(ACCESS);
    ClassFile format = ClassFile.of();
    byte[] other =
        format.transformClass(
            format.parse(original),
            (target, element) -> {
              target.with(element);
              if (element instanceof MethodModel method
                  && method.methodName().equalsString("getIntInternal")) {
                target.withMethod(
                    "getIntSomehow",
                    method.methodTypeSymbol(),
                    method.flags().flagsMask(),
                    copy -> method.forEach(copy::with));
              }
            });
    assertThatThrownBy(() -> JdkRewriter.rewriteAccess(other))
        .isInstanceOf(UnknownJdkException.class)
        .hasMessageContaining("unknown access method getIntSomehow");
  }

  @Test
  void aSessionWithoutPinsIsNamed() throws IOException {
    byte[] other = without(original(SESSION), named("acquire0"));
    assertThatThrownBy(() -> JdkRewriter.rewriteSession(other))
        .isInstanceOf(UnknownJdkException.class)
        .hasMessageContaining("SharedSession has no method acquire0()");
  }

  private static byte[] original(String name) throws IOException {
    try (InputStream in = Object.class.getResourceAsStream(name)) {
      return in.readAllBytes();
    }
  }

  private static Predicate<MethodModel> named(String name) {
    return method -> method.methodName().equalsString(name);
  }

  private static byte[] without(byte[] original, Predicate<MethodModel> which) {
    ClassFile format = ClassFile.of();
    return format.transformClass(
        format.parse(original),
        ClassTransform.dropping(e -> e instanceof MethodModel method && which.test(method)));
  }

  private static byte[] methods(
      byte[] original, Predicate<MethodModel> which, MethodTransform transform) {
    ClassFile format = ClassFile.of();
    return format.transformClass(
        format.parse(original), ClassTransform.transformingMethods(which, transform));
  }

  private static long calls(byte[] file, String owner, String name) {
    return ClassFile.of().parse(file).methods().stream()
        .flatMap(method -> method.code().stream())
        .flatMap(code -> code.elementStream())
        .filter(InvokeInstruction.class::isInstance)
        .map(InvokeInstruction.class::cast)
        .filter(call -> call.owner().asInternalName().endsWith("/" + owner))
        .filter(call -> call.name().equalsString(name))
        .count();
  }

  private static List<String> signatures(byte[] file) {
    return ClassFile.of().parse(file).methods().stream()
        .map(m -> m.flags().flagsMask() + " " + m.methodName() + m.methodType())
        .toList();
  }
}
