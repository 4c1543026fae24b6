public import Allocator
import Foundation
import LeaseCore
import LibPQ
import SerialFormat

extension PostgresCoordinator {
  public func report(_ report: HoldingsReport) async throws(CoordinatorError) -> ReportAnswer {
    let holdings = report.holdings
    let result = try await write(
      SQL.reportHoldings,
      [
        boot, .int(report.generation), report.suspicion.map { .text($0.rawValue) } ?? .null,
        .uuidArray(holdings.map { $0.isSettled ? nil : $0.lease.uuid }),
        .textArray(holdings.map(\.counter.kind.rawValue)), .intArray(holdings.map(\.counter.year)),
        .intArray(holdings.map(\.block.first)), .intArray(holdings.map(\.block.last)),
        .intArray(holdings.map(\.issuedThrough)), .boolArray(holdings.map(\.isExact)),
      ])
    return try answer {
      let row = try result.singleRow()
      let leases: [UUIDColumn] = try row.decode("settled_leases")
      let throughs: [Int] = try row.decode("settled_through")
      guard leases.count == throughs.count else {
        throw Contradiction("\(leases.count) settled leases and \(throughs.count) bounds")
      }
      return ReportAnswer(
        outcome: try row.outcome("outcome", as: ReportAnswer.Outcome.self),
        carved: try row.decode("carved"), overlapping: try row.decode("overlapping"),
        settled: zip(leases, throughs).map {
          ReportAnswer.Settled(lease: LeaseID($0), issuedThrough: $1)
        },
        facts: try CoordinatorFacts(row: row))
    }
  }
}

extension CoordinatorFacts {
  init(row: Row) throws {
    let position: Int = try row.decode("position")
    guard let position = UInt64(exactly: position) else {
      throw Contradiction("the position in the log is \(position)")
    }
    self.init(
      systemIdentifier: try row.decode("system_identifier"), timeline: try row.decode("timeline"),
      position: position, generation: try row.decode("generation"),
      grantsAreOpen: try row.decode("grants_open"))
  }
}
