import CoordinatorConformance
import DatabaseFixture
import Testing

struct PostgresConformanceTests {
  @Test(arguments: ConformanceCase.allCases)
  func postgresConforms(_ conformance: ConformanceCase) async throws {
    try await PostgresHarness.run { try await conformance.run(on: $0) }
  }
}
