package dev.gmem.it.house;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Who may know whom. */
@AnalyzeClasses(packages = "dev.gmem", importOptions = ImportOption.DoNotIncludeTests.class)
class HouseRulesTest {
  @ArchTest
  static final ArchRule theApiKnowsTheJdkAlone =
      classes()
          .that()
          .resideInAnyPackage("dev.gmem", "dev.gmem.spi", "dev.gmem.kernel")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage("java..", "dev.gmem", "dev.gmem.spi", "dev.gmem.kernel");

  @ArchTest
  static final ArchRule theCoreKnowsTheApiAlone =
      classes()
          .that()
          .resideInAPackage("dev.gmem.core..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..", "dev.gmem", "dev.gmem.spi", "dev.gmem.kernel", "dev.gmem.core..");

  @ArchTest
  static final ArchRule devicesKnowNoCoreAndNoAgent =
      noClasses()
          .that()
          .resideInAnyPackage("dev.gmem.sim..", "dev.gmem.opencl..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.gmem.core..", "dev.gmem.agent..", "dev.gmem.testkit..");

  @ArchTest
  static final ArchRule devicesDoNotKnowEachOther =
      slices().matching("dev.gmem.(sim|opencl)..").should().notDependOnEachOther();

  @ArchTest
  static final ArchRule theAgentKnowsNoDevice =
      noClasses()
          .that()
          .resideInAPackage("dev.gmem.agent..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.gmem.sim..", "dev.gmem.opencl..", "dev.gmem.samples..");

  @ArchTest
  static final ArchRule theKitKnowsTheApiAlone =
      noClasses()
          .that()
          .resideInAPackage("dev.gmem.testkit..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.gmem.core..", "dev.gmem.agent..", "dev.gmem.sim..");

  @ArchTest
  static final ArchRule theTableKnowsNothingAboveIt =
      noClasses()
          .that()
          .resideInAnyPackage("dev.gmem.core.table..", "dev.gmem.core.sync..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.gmem.core.engine..", "dev.gmem.core.launch..", "dev.gmem.core.space..");

  @ArchTest
  static final ArchRule theEngineKnowsNeitherLaunchesNorSpaces =
      noClasses()
          .that()
          .resideInAPackage("dev.gmem.core.engine..")
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage("dev.gmem.core.launch..", "dev.gmem.core.space..");

  @ArchTest
  static final ArchRule theCoreBlocksThroughItsMonitorsAlone =
      noClasses()
          .that()
          .resideInAnyPackage("dev.gmem.core.engine..", "dev.gmem.core.table..")
          .should()
          .dependOnClassesThat()
          .haveFullyQualifiedName("java.util.concurrent.locks.ReentrantLock");
}
