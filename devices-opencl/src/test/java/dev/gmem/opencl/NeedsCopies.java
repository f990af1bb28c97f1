package dev.gmem.opencl;

import java.util.Set;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Skips the tests of the contract that write to host frames while they are mapped, and expect the
 * device's copy to stay as it was. A device on the host frames themselves has no copy.
 */
final class NeedsCopies implements ExecutionCondition {
  private static final Set<String> TESTS =
      Set.of(
          "zerosStayZeros",
          "hostToDeviceWritesIntoZeros",
          "threadsOnNeighbouringGranulesDoNotDisturbEachOther",
          "threadsOnDisjointRangesDoNotDisturbEachOther");

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    boolean skipped =
        context.getTestMethod().filter(method -> TESTS.contains(method.getName())).isPresent();
    return skipped
        ? ConditionEvaluationResult.disabled(
            "the device works on the host frames themselves; there is no copy to tell apart")
        : ConditionEvaluationResult.enabled("needs no copy");
  }
}
