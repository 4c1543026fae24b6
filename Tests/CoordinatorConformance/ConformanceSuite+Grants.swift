import Allocator
import LeaseCore
import SerialFormat
import Testing

extension ConformanceCase {
  func acquireGrantsTheLowestNumbers(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    let first = try await one.lease(10)
    var second = try await two.lease(20)
    #expect(first.block.numbers == 1...10)
    #expect(second.block.numbers == 11...30)
    try await two.commit(5, of: &second)
    #expect(try await one.release(first).givenBack == 10)
    #expect(try await two.release(second).givenBack == 15)
    // what came back is granted first, in two blocks, and the tail after it
    let (reply, held) = try await one.acquire(needed: 12, wanted: 12)
    #expect(reply.outcome == .granted)
    #expect(held.map(\.block.numbers) == [1...10, 16...17])
    #expect(reply.free == Capacity.counter - 5 - 12)
    let targets = try await one.lease(3, .target)
    #expect(targets.block.numbers == 1...3, "the counters are apart")
  }

  func acquireAskedAgainAnswersTheSame(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let names = TestProcess.names(4)
    let (first, _) = try await one.acquire(needed: 10, wanted: 10, names: names)
    let (again, _) = try await one.acquire(needed: 10, wanted: 10, names: names)
    #expect(again.grants == first.grants)
    try await expectLedger(harness, first.counter, issued: 0, leased: 10)
    // after the lease was closed it is granted nothing, and not a second time
    await #expect(throws: Never.self) { try await harness.expireLeases(of: "eu-1") }
    let (late, _) = try await one.acquire(needed: 10, wanted: 10, names: names)
    #expect(late.grants.isEmpty)
    try await expectLedger(harness, first.counter, issued: 0, leased: 0)
  }

  func blocksAreBoundedByAShareOfWhatIsFree(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    _ = try await TestProcess.boot("us-1", on: harness)
    var free = Capacity.counter
    for needed in [1, 10, 1000] {
      let (reply, held) = try await one.acquire(needed: needed, wanted: 99_999)
      let size = held.reduce(0) { $0 + $1.block.count }
      #expect(
        size
          == BlockSizing.granted(wanted: 99_999, needed: needed, free: free, liveNodes: 2))
      free -= size
      #expect(reply.free == free)
    }
  }

  func recallMarksTheLeasesOfOthers(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    var taken = 0
    var last: TestProcess.Held?
    while taken < Capacity.counter {
      let want = min(1000, Capacity.counter - taken)
      last = try await one.lease(want)
      taken += want
    }
    var held = try #require(last)
    let (reply, none) = try await two.acquire(needed: 1, wanted: 1)
    #expect(reply.outcome == .none)
    #expect(none.isEmpty)
    #expect(reply.free == 0)
    #expect(reply.leasedElsewhere == Capacity.counter)
    let (own, _) = try await one.acquire(needed: 1, wanted: 1)
    #expect(own.leasedElsewhere == 0, "what it holds itself it knows itself")
    let commit = try await one.coordinator.commit(held.plan(raisingBy: 1))
    #expect(commit.leases.map(\.recalled) == [true])
    held.committedThrough += 1
    held.revision += 1
    let renewed = try await one.coordinator.renew([held.lease])
    #expect(renewed.leases.map(\.recalled) == [true])
    #expect(try await one.release(held).givenBack == held.block.count - 1)
    let (again, granted) = try await two.acquire(needed: 1, wanted: 1)
    #expect(again.outcome == .granted)
    #expect(granted.map(\.block.first) == [held.block.first + 1])
  }

  func theLastNumberIsIssuedAndNoMore(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let two = try await TestProcess.boot("us-1", on: harness)
    var counter: Counter?
    var taken = 0
    while taken < Capacity.counter - 3 {
      let want = min(997, Capacity.counter - 3 - taken)
      let (reply, held) = try await one.acquire(needed: want, wanted: want)
      #expect(held.count == 1)
      counter = reply.counter
      var lease = try #require(held.first)
      try await one.commit(want, of: &lease)
      #expect(try await one.release(lease).outcome == .released)
      taken += want
    }
    let whole = try #require(counter)
    try await expectLedger(harness, whole, issued: Capacity.counter - 3, leased: 0)
    // three are left and ten are needed: what is there is granted, no number beyond the capacity
    let (short, held) = try await two.acquire(needed: 10, wanted: 10)
    #expect(held.map(\.block.numbers) == [99_997...99_999])
    #expect(short.free == 0)
    var last = try #require(held.first)
    try await two.commit(3, of: &last)
    #expect(try await two.release(last).outcome == .released)
    try await expectLedger(harness, whole, issued: Capacity.counter, leased: 0)
    let (none, nothing) = try await one.acquire(needed: 1, wanted: 1)
    #expect(none.outcome == .none)
    #expect(none.free + none.leasedElsewhere == 0)
    #expect(nothing.isEmpty)
  }

  func standbyIsDemanded(_ harness: any CoordinatorHarness) async throws {
    let one = try await TestProcess.boot("eu-1", on: harness)
    let held = try await one.lease(10)
    let strict = try await TestProcess.boot("eu-2", on: harness, requiresStandby: true)
    let (reply, none) = try await strict.acquire(needed: 1, wanted: 1)
    #expect(reply.outcome == .noStandby)
    #expect(none.isEmpty)
    #expect(try await strict.outcomes(of: held.plan(raisingBy: 1)) == [.noStandby])
    let unproved = await #expect(throws: CoordinatorError.self) {
      try await strict.coordinator.readBack([held.lease.next])
    }
    #expect(unproved?.code == .notDone)
    try await expectLedger(harness, held.counter, issued: 0, leased: 10)
  }
}
