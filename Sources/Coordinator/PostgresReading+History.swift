public import Allocator
import Foundation
import LeaseCore
import LibPQ
import SerialFormat

extension PostgresReading {
  public func gaps(_ query: GapQuery) async throws(CoordinatorError) -> [GapEntry] {
    let rows = try await read(
      SQL.listGaps,
      [
        query.kind.map { .text($0.rawValue) } ?? .null, query.year.map { .int($0) } ?? .null,
        query.after.map { .text($0.counter.kind.rawValue) } ?? .null,
        query.after.map { .int($0.counter.year) } ?? .null, .int(query.after?.number ?? 0),
        .int(query.limit),
      ])
    return try answer {
      try rows.map { row in
        GapEntry(
          counter: try row.counter(), block: try row.block(),
          state: try row.outcome("state", as: GapEntry.State.self), node: try row.decode("node"),
          lease: try row.decode("lease_id", as: UUIDColumn?.self).map(LeaseID.init),
          subject: try row.decode("subject"),
          requestID: try row.decode("request_id", as: UUIDColumn?.self).map(RequestID.init),
          at: try row.decode("at"), reason: try row.decode("reason"))
      }
    }
  }

  public func events(_ query: EventQuery) async throws(CoordinatorError) -> [EventEntry] {
    let rows = try await read(
      SQL.listEvents,
      [
        .int(query.after.transaction), .int(query.after.id), .int(query.limit),
        query.event.map { .text($0) } ?? .null, query.node.map { .text($0) } ?? .null,
      ])
    return try answer {
      try rows.map { row in
        let id: Int = try row.decode("id")
        return EventEntry(
          id: id, cursor: EventCursor(transaction: try row.decode("transaction"), id: id),
          at: try row.decode("at"), event: try row.decode("event"),
          counter: try row.counterIfAny(), block: try row.blockIfAny(),
          lease: try row.decode("lease_id", as: UUIDColumn?.self).map(LeaseID.init),
          node: try row.decode("node"),
          bootID: try row.decode("boot_id", as: UUIDColumn?.self).map(BootID.init),
          detail: try row.decode("detail"))
      }
    }
  }

  public func verify() async throws(CoordinatorError) -> [Disagreement] {
    let rows = try await read(SQL.verifyLedger)
    return try answer {
      try rows.map { row in
        Disagreement(
          check: try row.decode("check"), counter: try row.counterIfAny(),
          block: try row.blockIfAny(), detail: try row.decode("detail"))
      }
    }
  }

  public func history() async throws(CoordinatorError) -> [DailyIssues] {
    let rows = try await read(SQL.listHistory)
    return try answer {
      try rows.map { row in
        DailyIssues(
          counter: try row.counter(), daysAgo: try row.decode("days_ago"),
          numbers: try row.decode("numbers"))
      }
    }
  }

  public func quotas() async throws(CoordinatorError) -> [QuotaEntry] {
    let rows = try await read(SQL.listQuotas)
    return try answer {
      try rows.map { row in
        QuotaEntry(
          subject: try row.decode("subject"), perMinute: try row.decode("per_minute"),
          perYear: try row.decode("per_year"), usedThisMinute: try row.decode("used_minute"),
          usedThisYear: try row.decode("used_year"))
      }
    }
  }

  public func grants() async throws(CoordinatorError) -> GrantState {
    let rows = try await read(SQL.showGrants)
    return try answer {
      guard let row = rows.first else { throw Contradiction("show_grants answered no row") }
      return GrantState(
        generation: try row.decode("generation"), grantsAreOpen: try row.decode("grants_open"),
        reason: try row.decode("reason"), closedAt: try row.decode("closed_at"),
        opensAt: try row.decode("opens_at"), waitingFor: try row.decode("waiting_for"),
        waitMilliseconds: try row.decode("wait_ms"),
        failoverIsSynchronous: try row.decode("synchronous_failover"))
    }
  }
}

extension Row {
  /// The columns `kind` and `year`, where they are not null.
  func counterIfAny() throws -> LeaseCore.Counter? {
    try decode("kind", as: String?.self) == nil ? nil : try counter()
  }

  /// The columns `first` and `last`, where they are not null.
  func blockIfAny() throws -> Block? {
    try decode("first", as: Int?.self) == nil ? nil : try block()
  }
}
