import Foundation
import HTTPTypes
import HummingbirdTesting
import SerialAuth
import Testing

@testable import SerialAPI

@Suite struct AccessTests {
  let world: World

  init() async throws {
    world = try await World()
    try world.fill()
  }

  static let needs: [(Route, Scope?)] = [
    (.allocateJobs, .allocateSerials), (.allocateTargets, .allocateSerials),
    (.showSerial, .readRecords), (.capacity, .readCluster), (.nodes, .readCluster),
    (.leases, .readCluster), (.gaps, .readCluster), (.events, .readCluster),
    (.verify, .readCluster), (.quotas, .readCluster), (.grants, .readCluster),
    (.validateSerials, nil), (.voidSerial, .administerCluster),
    (.unvoidSerial, .administerCluster), (.drainNode, .administerCluster),
    (.retireNode, .administerCluster), (.freezeCounter, .administerCluster),
    (.reserveCounter, .administerCluster), (.setQuota, .administerCluster),
    (.removeQuota, .administerCluster), (.setGrants, .administerCluster),
    (.recoverGrants, .administerCluster), (.purgeOutputs, .administerCluster),
    (.createJob, .writeRecords), (.createJobs, .writeRecords), (.createTarget, .writeRecords),
    (.createTargets, .writeRecords), (.executeJob, .writeRecords),
    (.changeExecution, .writeRecords), (.changeBranch, .writeRecords),
    (.listJobs, .readRecords), (.showJob, .readRecords), (.jobExecutions, .readRecords),
    (.listTargets, .readRecords), (.showTarget, .readRecords),
    (.targetPerformance, .readRecords), (.targetExecutions, .readRecords),
    (.showExecution, .readRecords), (.showBranch, .readRecords), (.children, .readRecords),
    (.lookUp, .readRecords), (.lookUpMany, .readRecords), (.searchExecutions, .readRecords),
    (.search, .readRecords), (.executionAnalytics, .readRecords), (.jobMetrics, .readRecords),
    (.compareJobs, .readRecords),
  ]

  static func filled() async throws -> World {
    let world = try await World()
    try world.fill()
    return world
  }

  func send(
    _ route: Route, to world: World? = nil, token: String?, headers: HTTPFields = [:]
  ) async throws -> Answer {
    try await (world ?? self.world).routed { client in
      try await client.send(
        route.method, route.samplePath, token: token, body: route.sampleBody, headers: headers)
    }
  }

  @Test(arguments: AccessTests.needs)
  func eachScopeOpensWhatItShould(route: Route, needed: Scope?) async throws {
    for scope in Scope.allCases {
      // Numbers go on from request to request; the registry of the tests does not.
      let world = try await Self.filled()
      let answer = try await send(route, to: world, token: try await world.token(scope))
      let isOpen =
        needed == nil || scope == needed
        || (needed == .readCluster && scope == .administerCluster)
      if isOpen {
        #expect(answer.status.kind == .successful, "\(route) with \(scope)")
      } else {
        #expect(answer.status == .forbidden, "\(route) with \(scope)")
        #expect(answer.problemCode() == "forbidden")
        #expect(answer["scope"] == .string(needed?.rawValue ?? ""))
        #expect(
          answer.headers[.wwwAuthenticate]
            == "Bearer realm=\"seriald\", error=\"insufficient_scope\", "
            + "scope=\"\(needed?.rawValue ?? "")\"")
      }
    }
    let allButOne = Set(Scope.allCases).subtracting(
      [needed, .administerCluster].compactMap(\.self))
    let answer = try await send(route, token: try await world.token(scopes: allButOne))
    #expect(answer.status == (needed == nil ? .ok : .forbidden))
  }

  @Test(arguments: AccessTests.needs.map(\.0))
  func withoutATokenNothingOpens(route: Route) async throws {
    let answer = try await send(route, token: nil)
    #expect(answer.status == .unauthorized)
    #expect(answer.problemCode() == "unauthenticated")
    #expect(answer.headers[.wwwAuthenticate] == "Bearer realm=\"seriald\"")
    #expect(world.issuing.requests.isEmpty)
    #expect(world.operating.calls.isEmpty)
    #expect(world.writing.calls.isEmpty)
    #expect(world.records.readings == 0)
  }

  @Test(arguments: Route.writing)
  func whoMayNotWritesNothing(route: Route) async throws {
    guard case .scope(let needed) = route.access else { throw Problem.noToken }
    let scopes = Set(Scope.allCases).subtracting([needed])
    let answer = try await send(route, token: try await world.token(scopes: scopes))
    #expect(answer.status == .forbidden)
    #expect(world.writing.calls.isEmpty && world.issuing.requests.isEmpty)
    #expect(try await send(route, token: try await world.token(needed)).status.kind == .successful)
    #expect(world.writing.calls.count + world.issuing.requests.count == 1)
  }

  @Test(arguments: Route.operating)
  func whoMayNotChangesNothing(route: Route) async throws {
    let scopes = Set(Scope.allCases).subtracting([.administerCluster])
    let answer = try await send(route, token: try await world.token(scopes: scopes))
    #expect(answer.status == .forbidden)
    #expect(world.operating.calls.isEmpty)
    let allowed = try await send(route, token: try await world.token(.administerCluster))
    #expect(allowed.status == .ok)
    #expect(world.operating.calls.count == 1)
  }

  @Test(arguments: [Route.health, .ready, .metrics, .openAPI])
  func someRoutesNeedNone(route: Route) async throws {
    #expect(try await send(route, token: nil).status == .ok)
    #expect(try await send(route, token: "nonsense").status == .ok)
  }

  @Test func theTableOfRoutesIsCovered() {
    let covered = Self.needs.map(\.0) + [.health, .ready, .metrics, .openAPI]
    #expect(Set(covered) == Set(Route.allCases))
  }

  @Test(arguments: [
    ("nonsense", "The token is not a JSON Web Token."),
    ("eyJhbGciOiJub25lIn0.e30.", "The token's algorithm is not accepted."),
  ])
  func badTokens(token: String, detail: String) async throws {
    let answer = try await send(.capacity, token: token)
    #expect(answer.status == .unauthorized)
    #expect(answer.problemCode() == "unauthenticated")
    #expect(answer.detail == detail)
    #expect(
      answer.headers[.wwwAuthenticate]
        == "Bearer realm=\"seriald\", error=\"invalid_token\", error_description=\"\(detail)\"")
    #expect(!answer.text.contains(token))
  }

  @Test func anExpiredTokenAndOneOfAnotherKey() async throws {
    let old = try await world.minter.mint(
      subject: "x", scopes: [.readCluster], audience: World.audience, lifetimeSeconds: 60,
      now: Date(timeIntervalSinceNow: -3600))
    #expect(try await send(.capacity, token: old).detail == "The token has expired.")
    let other = TokenMinter(secret: try TokenSecret(String(repeating: "other", count: 8)))
    let foreign = try await other.mint(
      subject: "x", scopes: [.readCluster], audience: World.audience, lifetimeSeconds: 60)
    let answer = try await send(.capacity, token: foreign)
    #expect(answer.status == .unauthorized)
    #expect(answer.detail == "The token's signature does not match.")
    let elsewhere = try await world.minter.mint(
      subject: "x", scopes: [.readCluster], audience: "elsewhere", lifetimeSeconds: 60)
    #expect(try await send(.capacity, token: elsewhere).status == .unauthorized)
  }

  @Test(arguments: [
    "Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "Bearer a b", "Token x", "", "Bearerx",
  ])
  func otherAuthorizationHeaders(field: String) async throws {
    let answer = try await send(.capacity, token: nil, headers: [.authorization: field])
    #expect(answer.status == .unauthorized)
    #expect(answer.problemCode() == "unauthenticated")
    #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Bearer ") == true)
  }

  @Test func theSchemeIsMatchedWithoutCaseAndOneHeaderIsEnough() async throws {
    let token = try await world.token(.readCluster)
    for scheme in ["bearer", "BEARER"] {
      let headers: HTTPFields = [.authorization: "\(scheme) \(token)"]
      #expect(try await send(.capacity, token: nil, headers: headers).status == .ok)
    }
    var twice = HTTPFields()
    twice.append(HTTPField(name: .authorization, value: "Bearer \(token)"))
    twice.append(HTTPField(name: .authorization, value: "Bearer \(token)"))
    #expect(try await send(.capacity, token: nil, headers: twice).status == .unauthorized)
  }

  @Test func aTokenIsJudgedBeforeABody() async throws {
    let answer = try await world.routed { client in
      try await client.send(.post, "/api/serials/jobs", body: "broken")
    }
    #expect(answer.status == .unauthorized)
  }

  @Test func theLogNeverHoldsAToken() async throws {
    let token = try await world.token(.readCluster)
    _ = try await send(.capacity, token: token)
    _ = try await send(.showSerial, token: token)
    _ = try await send(.capacity, token: String(token.dropLast(2)))
    #expect(!world.lines.all.isEmpty)
    for line in world.lines.all {
      #expect(!"\(line.message) \(line.metadata)".contains(token.prefix(20)))
    }
  }
}
