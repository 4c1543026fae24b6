import Allocator
import Foundation
import LeaseCore
import SerialFormat
import Testing

/// Numbers that an operator strikes out, and gives back.
extension ConformanceCase {
  func freeNumbersAreStruckOutAndNeverGranted(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let counter = try await runningCounter(harness, .job)
    #expect(try await void(5, 7, of: counter, on: harness) == .done(3))
    #expect(try await void(5, 7, of: counter, on: harness) == .done(0))
    #expect(try await void(6, 8, of: counter, on: harness) == .done(1))
    try await expectVoid(harness, counter, issued: 0, leased: 0, void: 4)
    #expect(try await harness.reading.number(5, of: counter).state == .void)
    let (_, held) = try await one.acquire(needed: 10, wanted: 10)
    #expect(held.map(\.block.numbers) == [1...4, 9...14])
    for lease in held { #expect(try await one.release(lease).outcome == .released) }
    // all or nothing
    #expect(try await unvoid(7, 9, of: counter, on: harness) == .notVoid(9))
    try await expectVoid(harness, counter, issued: 0, leased: 0, void: 4)
    #expect(try await unvoid(5, 6, of: counter, on: harness) == .done(2))
    #expect(try await harness.reading.number(6, of: counter).state == .free)
    #expect(
      try await one.acquire(needed: 10, wanted: 10).held.map(\.block.numbers) == [1...6, 9...12])
    #expect(try await unvoid(7, 8, of: counter, on: harness) == .done(2))
    #expect(try await one.lease(2).block.numbers == 7...8)
    // the last number of a counter is one like any other
    #expect(try await void(99_999, 99_999, of: counter, on: harness) == .done(1))
    try await expectVoid(harness, counter, issued: 0, leased: 12, void: 1)
  }

  func issuedNumbersAreStruckOutOnceTheirLeaseIsClosed(
    _ harness: any CoordinatorHarness
  ) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    var held = try await one.lease(10)
    try await one.commit(5, of: &held)
    // it is in a live lease, the issued part as well; and so is a block that touches it
    for (first, last, number) in [(2, 3, 2), (8, 8, 8), (10, 12, 10)] {
      #expect(
        try await void(first, last, of: held.counter, on: harness)
          == .leased(number, node: "eu-1"))
    }
    try await expectVoid(harness, held.counter, issued: 5, leased: 5, void: 0)
    let renewed = try await one.coordinator.renew([held.lease])
    #expect(renewed.leases.map(\.recalled) == [true])
    #expect(try await one.release(held).outcome == .released)
    #expect(try await void(2, 7, of: held.counter, on: harness) == .done(6))
    try await expectVoid(harness, held.counter, issued: 1, leased: 0, void: 6)
    #expect(try await harness.reading.number(3, of: held.counter).state == .void)
    #expect(try await two.lease(2).block.numbers == 8...9)
    // what was issued is issued again, with its recipient; what was free is free again
    #expect(try await unvoid(2, 7, of: held.counter, on: harness) == .done(6))
    try await expectVoid(harness, held.counter, issued: 5, leased: 2, void: 0)
    let issued = try await harness.reading.number(3, of: held.counter)
    #expect(issued.state == .issued)
    #expect(issued.subject == "tester")
    #expect(try await two.lease(2).block.numbers == 6...7)
  }

  private func void(
    _ first: Int, _ last: Int, of counter: Counter, on harness: any CoordinatorHarness
  ) async throws -> VoidOutcome {
    try await harness.operating.void(
      try block(first, last), of: counter, reason: "a test", by: "administrator")
  }

  private func unvoid(
    _ first: Int, _ last: Int, of counter: Counter, on harness: any CoordinatorHarness
  ) async throws -> VoidOutcome {
    try await harness.operating.unvoid(
      try block(first, last), of: counter, reason: "a test", by: "administrator")
  }

  private func expectVoid(
    _ harness: any CoordinatorHarness, _ counter: Counter, issued: Int, leased: Int, void: Int,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let entry = try await ledger(harness, of: counter)
    #expect(entry.void == void, sourceLocation: sourceLocation)
    #expect(entry.issued == issued, sourceLocation: sourceLocation)
    #expect(entry.leased == leased, sourceLocation: sourceLocation)
    #expect(
      entry.free == Capacity.counter - issued - leased - void, sourceLocation: sourceLocation)
  }
}
