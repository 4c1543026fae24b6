public import Allocator
import Foundation
public import LeaseCore
import LibPQ

extension PostgresCoordinator {
  public func commit(_ plan: CommitPlan, while isInTime: @escaping @Sendable () -> Bool)
    async throws(CoordinatorError) -> CommitAnswer
  {
    let raises = plan.raises
    let lines = plan.lines
    let keys = plan.keys
    let owners = plan.records.flatMap { claim in claim.rows.map { _ in claim.request.uuid } }
    let result = try await write(
      SQL.commitNumbers,
      [
        boot, .uuidArray(raises.map(\.lease.id.uuid)), .uuidArray(raises.map(\.lease.token.uuid)),
        .intArray(raises.map(\.lease.attempt)), .intArray(raises.map(\.revision)),
        .intArray(raises.map(\.expected)), .intArray(raises.map(\.through)),
        .intArray(raises.map(\.handedOut)), timeToLive, .uuidArray(lines.map(\.lease.uuid)),
        .intArray(lines.map(\.block.first)), .intArray(lines.map(\.block.last)),
        .textArray(lines.map(\.subject)), .uuidArray(lines.map(\.request.uuid)),
        .boolArray(lines.map(\.again)), .boolArray(lines.map(\.delivered)), standby,
        .uuidArray(keys.map(\.request.uuid)), .textArray(keys.map(\.owner.subject)),
        .textArray(keys.map(\.owner.key.route)), .textArray(keys.map(\.owner.key.key)),
        .textArray(keys.map(\.owner.key.requestHash)), .uuidArray(owners),
        .textArray(plan.records.flatMap(\.rows)),
      ], while: isInTime)
    return try answer { try CommitAnswer(rows: result.rows) }
  }

  public func resolve(_ keys: [KeyOwner]) async throws(CoordinatorError) -> [KeyAnswer] {
    guard !keys.isEmpty else { return [] }
    let result = try await write(
      SQL.resolveKeys,
      [
        .textArray(keys.map(\.subject)), .textArray(keys.map(\.key.route)),
        .textArray(keys.map(\.key.key)), .textArray(keys.map(\.key.requestHash)),
      ])
    return try answer {
      guard result.rows.count == keys.count else {
        throw Contradiction("\(result.rows.count) answers for \(keys.count) keys")
      }
      return try result.rows.map(KeyAnswer.init(row:))
    }
  }

  public func sweepKeys() async throws(CoordinatorError) -> Int {
    let result = try await write(SQL.sweepKeys, [])
    return try answer { try result.singleRow().decode("removed") }
  }
}

extension CommitAnswer {
  init(rows: ResultRows) throws {
    var leases: [CommitReply] = []
    var refused: [RefusedRequest] = []
    var recorded: [RecordedNumber] = []
    for row in rows {
      if let id = try row.decode("lease_id", as: UUIDColumn?.self) {
        if let number = try row.decode("number", as: Int?.self) {
          recorded.append(RecordedNumber(lease: LeaseID(id), number: number))
        } else {
          leases.append(
            CommitReply(
              lease: LeaseID(id), outcome: try row.outcome("outcome", as: CommitReply.Outcome.self),
              recalled: try row.decode("recalled")))
        }
      } else {
        refused.append(
          RefusedRequest(
            request: RequestID(try row.decode("request_id")),
            reason: try row.outcome("outcome", as: RefusedRequest.Reason.self),
            retryMilliseconds: try row.decode("retry_ms"),
            detail: try row.decode("detail", as: String?.self)))
      }
    }
    self.init(leases: leases, refused: refused, recorded: recorded)
  }
}

extension KeyAnswer {
  init(row: Row) throws {
    switch try row.decode("outcome", as: String.self) {
    case "unused": self = .unused
    case "reused": self = .reused
    case "used":
      let firsts: [Int] = try row.decode("firsts")
      let lasts: [Int] = try row.decode("lasts")
      let blocks = zip(firsts, lasts).compactMap { Block(first: $0, last: $1) }
      guard !blocks.isEmpty, blocks.count == firsts.count, firsts.count == lasts.count else {
        throw Contradiction("\(firsts) to \(lasts) are not blocks")
      }
      self = .used(try row.counter(), blocks)
    case let outcome: throw Contradiction("outcome is \(outcome)")
    }
  }
}
