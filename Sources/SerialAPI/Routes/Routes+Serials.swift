import Allocator
import HTTPTypes
import Hummingbird
import LeaseCore
import SerialAuth
import SerialFormat

extension Routes {
  /// `POST /api/serials/jobs` and `/targets`.
  func allocate(
    _ route: Route, _ request: Request, _ context: APIContext, _ caller: Caller?
  ) async throws -> Response {
    guard let caller else { throw Problem.noToken }
    let wish = try AllocateRequest(try await body(of: request))
    let isAdministrator = caller.has(.administerCluster)
    if wish.year != nil, !isAdministrator { throw Problem.yearIsForAdministrators }
    let allocation = AllocationRequest(
      kind: route == .allocateTargets ? .target : .job, count: wish.count,
      subject: caller.subject, id: context.requestID, year: wish.year,
      mayUseReserve: isAdministrator,
      key: try RequestedKey.read(request.headers, on: route, for: wish))
    let issued = try await issue(allocation, while: context.presence)
    var response = try ResponseJSON.response(AllocateResponse(issued), status: .created)
    if issued.isReplay, let name = RequestedKey.replayName { response.headers[name] = "true" }
    return response
  }

  /// Waits for numbers as long as the client does.
  private func issue(
    _ request: AllocationRequest, while presence: ClientPresence?
  ) async throws(Problem) -> Allocation {
    let issuing = dependencies.issuing
    do throws(AllocationError) {
      guard let presence else { return try await issuing.allocate(request) }
      // Its numbers would reach nobody.
      guard !presence.isEnding else {
        throw AllocationError(.draining, detail: "This connection ends; use another one.")
      }
      return try await presence.whilePresent { () async throws(AllocationError) in
        try await issuing.allocate(request)
      }
    } catch {
      throw Problem(error)
    }
  }

  /// `POST /api/serials/validate`.
  func validate(_ request: Request) async throws -> Response {
    let wish = try ValidateRequest(try await body(of: request))
    return try ResponseJSON.response(ValidateResponse(wish))
  }

  /// `GET /api/serials/{serial}`.
  func show(_ context: APIContext) async throws -> Response {
    let serial = try RequestedSerial.read(context.parameters.get("serial") ?? "")
    switch serial {
    case .execution: throw Problem(.notFound, "Execution not found: \(serial)")
    case .branch: throw Problem(.notFound, "Branch not found: \(serial)")
    case .job, .target: break
    }
    let counter = Counter(kind: serial.counterKind, year: serial.year)
    let entry = try await read { cluster throws(CoordinatorError) in
      try await cluster.number(serial.number, of: counter)
    }
    return try ResponseJSON.response(SerialResponse(serial, entry))
  }
}
