import HTTPTypes
import HummingbirdTesting
import Records
import SerialAuth
import Testing

@testable import SerialAPI

/// The table of routes, and that the router reads paths as the table does.
@Suite struct RouteTests {
  @Test(
    arguments: [
      ("/api/executions/search", [.searchExecutions]),
      ("/api/executions/bulk", [.lookUp, .lookUpMany]),
      ("/api/executions/branch/children", [.showBranch, .changeBranch]),
      ("/api/executions/serial/children", [.showExecution]),
      ("/api/executions/bulk/children", [.children]),
      ("/api/executions/J202600001.0001", [.changeExecution]),
      ("/api/jobs/bulk", [.createJobs]), ("/api/jobs/bulk/execute", [.executeJob]),
      ("/api/targets/bulk/performance", [.targetPerformance]),
      ("/api/serials/jobs", [.allocateJobs]), ("/api/serials/jobs/void", [.voidSerial]),
      ("/api/nothing", []), ("/", []),
    ] as [(String, [Route])])
  func theMostLiteralTemplateCounts(path: String, routes: [Route]) {
    #expect(Set(Route.matching(path)) == Set(routes))
  }

  @Test func everySampleIsOfItsRoute() {
    for route in Route.allCases {
      let path = String(route.samplePath.prefix { $0 != "?" })
      #expect(Route.matching(path).contains(route), "\(route)")
    }
  }

  @Test func noTwoRoutesAreTheSame() {
    #expect(Set(Route.allCases.map { "\($0.method) \($0.template)" }).count == Route.allCases.count)
    let shapes = Route.allCases.map {
      "\($0.method) \($0.template.replacing(/{[a-z_]+}/, with: "{}"))"
    }
    #expect(Set(shapes).count == shapes.count)
  }

  @Test(
    arguments: [
      ("/api/executions/search", "GET, HEAD"), ("/api/executions/bulk", "GET, HEAD, POST"),
      ("/api/jobs/bulk", "POST"), ("/api/executions/J202600001.0001", "PATCH"),
      ("/api/executions/branch/J202600001.0001.0001", "GET, HEAD, PATCH"),
    ])
  func wrongMethodsNameTheRightOnes(path: String, allowed: String) async throws {
    let world = try await World()
    let answer = try await world.routed { try await $0.send(.delete, path) }
    #expect(answer.status == .methodNotAllowed)
    #expect(answer.headers[.allow] == allowed)
  }

  /// The router ends at a word that goes on to longer paths; the answer must not allow the method
  /// that was refused.
  @Test(arguments: ["/api/executions/branch", "/api/executions/serial"])
  func aWordInAPlaceOfASerial(path: String) async throws {
    let world = try await World()
    let answer = try await world.routed { try await $0.send(.patch, path) }
    #expect(answer.status == .notFound)
    #expect(answer.problemCode() == "not-found")
  }

  @Test func wordsAsNamesReachTheirRoute() async throws {
    let world = try await World()
    let token = try await world.token(.readRecords, .writeRecords)
    try await world.routed { client in
      for (method, path, detail) in [
        (
          HTTPRequest.Method.get, "/api/executions/bulk/children",
          "Invalid execution serial format: bulk"
        ),
        (.get, "/api/executions/branch/children", "Invalid branch serial format: children"),
        (.get, "/api/jobs/bulk/executions", "Invalid job serial format: bulk"),
        (.get, "/api/targets/bulk/performance", "Invalid target serial format: bulk"),
      ] {
        let answer = try await client.send(method, path, token: token)
        #expect(answer.detail == detail, "\(path)")
      }
    }
  }

  @Test func whichBodiesMayBeLong() {
    let lists = Set(Route.allCases.filter { $0.shape.body == .list })
    #expect(lists == [.createJobs, .createTargets, .executeJob, .lookUpMany])
    #expect(Route.allCases.filter { $0.shape.body == .outputs } == [.changeBranch])
  }
}
