import Allocator
import Hummingbird

extension Routes {
  /// `GET /api/gaps`.
  func gaps(_ query: QueryFields) async throws -> Response {
    let wish = try GapQuery(query)
    let gaps = try await read(withinMilliseconds: limits.scanMilliseconds) {
      cluster throws(CoordinatorError) in try await cluster.gaps(wish)
    }
    return try ResponseJSON.response(GapsResponse(gaps, limit: wish.limit))
  }

  /// `GET /api/events`.
  func events(_ query: QueryFields) async throws -> Response {
    let wish = try EventQuery(query)
    let events = try await read { cluster throws(CoordinatorError) in
      try await cluster.events(wish)
    }
    return try ResponseJSON.response(EventsResponse(events))
  }

  /// `GET /api/verify`.
  func verify() async throws -> Response {
    let found = try await read(withinMilliseconds: limits.scanMilliseconds) {
      cluster throws(CoordinatorError) in try await cluster.verify()
    }
    return try ResponseJSON.response(VerifyResponse(found))
  }

  /// `GET /api/quotas`.
  func quotas() async throws -> Response {
    let quotas = try await read { cluster throws(CoordinatorError) in try await cluster.quotas() }
    return try ResponseJSON.response(QuotasResponse(quotas))
  }

  /// `GET /api/grants`.
  func grants() async throws -> Response {
    let state = try await read { cluster throws(CoordinatorError) in try await cluster.grants() }
    return try ResponseJSON.response(GrantsResponse(state))
  }
}
