import Allocator
import Hummingbird
import Records
import SerialFormat

extension Routes {
  /// `POST /api/targets`.
  func createTarget(_ call: Call) async throws -> Response {
    let made = try await createTargets([try TargetRequest(call.body)], call)
    return try created(
      TargetResponse(made.records[0]), at: "/api/targets/\(made.records[0].serial)",
      isReplay: made.isReplay)
  }

  /// `POST /api/targets/bulk`.
  func createTargets(_ call: Call) async throws -> Response {
    let made = try await createTargets(try TargetsRequest(call.body).targets, call)
    return try created(
      CreatedTargetsResponse(targets: made.records.map(TargetResponse.init)),
      isReplay: made.isReplay)
  }

  private func createTargets(_ wishes: [TargetRequest], _ call: Call) async throws
    -> Created<TargetRecord>
  {
    try await create(.target, wishes, call) { records, serials throws(CoordinatorError) in
      try await records.targets(serials.compactMap(TargetSerial.init(of:)))
    }
  }

  /// `GET /api/targets`.
  func listTargets(_ call: Call) async throws -> Response {
    let query = try TargetQuery(call.query)
    let page = try await scanRecords { records throws(CoordinatorError) in
      try await records.targets(query)
    }
    return try ResponseJSON.response(TargetsResponse(page))
  }

  /// `GET /api/targets/{target}`.
  func showTarget(_ call: Call) async throws -> Response {
    let text = try call.path.name("target", as: .target)
    guard let id = RequestedName.id(text) else {
      let target = try await find(text, as: TargetSerial.self) {
        records, serial throws(CoordinatorError) in try await records.target(.serial(serial))
      }
      return try ResponseJSON.response(TargetResponse(target))
    }
    let target = try await records { records throws(CoordinatorError) in
      try await records.target(.id(id))
    }
    guard let target else { throw Problem.notFound(.target, text) }
    return try ResponseJSON.response(TargetResponse(target))
  }

  /// `GET /api/targets/{target}/performance`.
  func performance(_ call: Call) async throws -> Response {
    let days = try call.query.integer("days", in: 1...3_650) ?? 30
    let found = try await find(
      try call.path.name("target", as: .target), as: TargetSerial.self,
      withinMilliseconds: limits.scanMilliseconds
    ) { records, serial throws(CoordinatorError) in
      try await records.performance(of: serial, days: days)
    }
    return try ResponseJSON.response(PerformanceResponse(found))
  }

  /// `GET /api/targets/{target}/executions`.
  func targetExecutions(_ call: Call) async throws -> Response {
    let limit = try call.query.integer("limit", in: PageSize.limits) ?? PageSize.usual
    let offset = try call.query.integer("offset", in: PageSize.offsets) ?? 0
    let found = try await find(
      try call.path.name("target", as: .target), as: TargetSerial.self,
      withinMilliseconds: limits.scanMilliseconds
    ) { records, serial throws(CoordinatorError) -> TargetExecutionsResponse? in
      let results = try await records.results(of: serial, limit: limit, offset: offset)
      return results.map { results in
        TargetExecutionsResponse(serial, results, limit: limit, offset: offset)
      }
    }
    return try ResponseJSON.response(found)
  }
}
