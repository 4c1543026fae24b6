import Allocator
import Foundation
import LeaseCore
import MemoryCoordinator
import SerialFormat

/// Requests with records, and applications that insert rows of their own.
extension SimulatedCluster {
  /// A few records at once; now and then one of them is bad, and all are refused.
  mutating func record(on node: Int) {
    let count = Int.random(in: 1...4, using: &random)
    var names = (0..<count).map { _ in "r\(Int.random(in: 0..<1_000_000, using: &random))" }
    // ends the JSON text early
    if chance(15) { names[0] = "\"" }
    let number = Int.random(in: 1...9, using: &random)
    let key = IdempotencyKey(route: "records", key: "\(number)", requestHash: "\(number)")
    if chance(20), let key {
      // the same request each time
      request(on: node, count: 1 + number % 3, key: key, records: (0...number % 3).map { "k\($0)" })
    } else {
      request(on: node, count: count, records: names)
    }
  }

  /// An application inserts a row with a number that was issued and that no record carries, as one
  /// that computes the highest and one does.
  mutating func insertRow() async throws {
    let rows = await ledger.records(of: counter)
    let number = Int.random(in: 1...150, using: &random) + Capacity.counter - 150
    guard rows[number] == nil, !handedOut.contains(number) else { return }
    let found = try await ledger.number(number, of: counter)
    guard found.state == .issued, let holder = found.requestID else { return }
    await ledger.insertRecord("{\"name\": \"theirs\"}", number: number, of: counter)
    inserted[number] = holder
    handedOut.insert(number)
  }

  /// Every record is of an issued number, every acknowledged one is there, and nobody was given a
  /// number anew that a row carried.
  mutating func checkRecords() async throws {
    let rows = await ledger.records(of: counter)
    for (number, name) in acknowledged where rows[number] != "{\"name\": \"\(name)\"}" {
      violations.append("\(number) was acknowledged as \(name): \(rows[number] ?? "no record")")
    }
    for (number, holder) in inserted {
      let found = try await ledger.number(number, of: counter)
      if found.requestID != holder { violations.append("\(number) was handed out beside its row") }
    }
    for number in rows.keys where try await ledger.number(number, of: counter).state != .issued {
      violations.append("\(number) has a record and is not issued")
    }
    let own = acknowledged.keys.filter { inserted[$0] == nil }
    if own.contains(where: { !handedOut.contains($0) }) { violations.append("a record of nobody") }
    handedOut.formUnion(rows.keys)
  }
}
