package dev.gmem.aparapi;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Java kernels know the API and the translator, and no device. */
@AnalyzeClasses(packages = "dev.gmem.aparapi", importOptions = ImportOption.DoNotIncludeTests.class)
class DependenciesTest {
  @ArchTest
  static final ArchRule javaKernelsKnowTheApiAndTheTranslatorAlone =
      classes()
          .that()
          .resideInAPackage("dev.gmem.aparapi..")
          .should()
          .onlyDependOnClassesThat()
          .resideInAnyPackage(
              "java..",
              "com.aparapi..",
              "org.apache.bcel",
              "dev.gmem",
              "dev.gmem.kernel",
              "dev.gmem.aparapi..");
}
