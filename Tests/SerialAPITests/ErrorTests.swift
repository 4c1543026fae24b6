import Allocator
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Testing

@testable import SerialAPI

@Suite struct ErrorTests {
  let world: World

  init() async throws { world = try await World() }

  func send(_ method: HTTPRequest.Method, _ path: String) async throws -> Answer {
    try await world.routed { client in try await client.send(method, path) }
  }

  @Test(arguments: [
    "/", "/api", "/api/serials", "/api/serials/J202600001/x", "/api/unknown", "/healthy",
    "/HEALTH", "/api/serials/jobs/", "//", "/%00", "/../etc/passwd", "/api/capacity/../nodes",
  ])
  func unknownRoutes(path: String) async throws {
    let answer = try await send(.get, path)
    // A slash at the end is no other route, here as in the router.
    if path == "/api/serials/jobs/" {
      #expect(answer.status == .methodNotAllowed)
      return
    }
    #expect(answer.status == .notFound)
    #expect(answer.problemCode() == "not-found")
  }

  @Test func wrongMethods() async throws {
    let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
    for (template, routes) in Dictionary(grouping: Route.allCases, by: \.template) {
      let path = routes[0].samplePath
      let taken = Set(routes.map(\.method))
      let allowed = (taken.contains(.get) ? taken.union([.head]) : taken).map(\.rawValue).sorted()
      for method in methods where !allowed.contains(method.rawValue) {
        let answer = try await send(method, path)
        #expect(answer.status == .methodNotAllowed, "\(method) \(template)")
        #expect(answer.problemCode() == "invalid-request")
        #expect(answer.headers[.allow] == allowed.joined(separator: ", "), "\(method) \(template)")
      }
    }
  }

  @Test func theTableOfErrors() {
    for code in ProblemCode.allCases {
      #expect(code.rawValue.allSatisfy { $0.isLowercase || $0 == "-" })
      #expect(400...599 ~= code.status.code)
      #expect(!code.title.isEmpty)
    }
    #expect(Set(ProblemCode.allCases.map(\.title)).count == ProblemCode.allCases.count)
    // The contract of design section 8, for what there is by now.
    let contract: [ProblemCode: Int] = [
      .immutableRecord: 409, .invalidTransition: 409, .idempotencyKeyReused: 422,
      .quotaExceeded: 429, .reserveOnly: 409,
      .invalidSerial: 400, .invalidRequest: 400, .unauthenticated: 401, .forbidden: 403,
      .notFound: 404, .capacityExhausted: 409, .frozen: 409, .coordinatorUnavailable: 503,
      .recalling: 503, .outcomeUnknown: 503,
    ]
    for (code, status) in contract { #expect(code.status.code == status, "\(code)") }
    // Every code of the allocator is one of ours, by the same name.
    for code in AllocationError.Code.allCases {
      #expect(Problem(AllocationError(code, detail: "x")).code.rawValue == name(of: code))
    }
  }

  /// `capacity-exhausted` and the like; cases without a raw value of their own are their names.
  ///
  /// A record that is refused is a request that is wrong.
  private func name(of code: AllocationError.Code) -> String {
    code == .recordRefused ? ProblemCode.invalidRequest.rawValue : code.rawValue
  }

  @Test func whatIsThrownInsideStaysInside() async throws {
    struct Secret: Error { let password = "hunter2" }
    let router = Router(context: APIContext.self)
    router.add(middleware: AccessMiddleware(metrics: RequestMetrics(registry: world.registry)))
    router.add(middleware: ProblemMiddleware())
    router.get("/fault") { _, _ -> Response in throw Secret() }
    let lines = world.lines
    let answer = try await Application(router: router, logger: world.dependencies.logger)
      .test(.router) { try await $0.send(.get, "/fault") }
    #expect(answer.status == .internalServerError)
    #expect(answer.problemCode() == "internal-error")
    #expect(!answer.text.contains("hunter2") && !answer.text.contains("Secret"))
    let line = try #require(lines.all.first { $0.message == "request failed" })
    #expect(line.level == .error)
    #expect("\(line.metadata["error"] ?? "")".contains("hunter2"))
    let id = try #require(line.metadata["request_id"]?.description)
    #expect(answer.detail?.contains(id) == true)
    let name = try #require(AccessMiddleware.requestIDName)
    #expect(answer.headers[name] == id)
  }

  @Test func aProblemOfAnyTextIsJSON() throws {
    let problem = Problem(.invalidRequest, "\u{0}\"\\\n\u{2028}\u{1F600}</script>")
    let json = try JSONParser.parse(Array(problem.document.readableBytesView))
    guard case .object(let members) = json else { throw JSONError(code: .syntax, offset: 0) }
    #expect(members.first { $0.name == "detail" }?.value == .string(problem.detail))
  }
}
