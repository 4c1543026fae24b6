import Synchronization
import Testing

@testable import SerialAPI

struct BodyGateTests {
  /// Waits until as many wait in the gate.
  private func untilWaiting(_ count: Int, in gate: BodyGate) async {
    while gate.waitingCount < count { await Task.yield() }
  }

  @Test func noMoreAreInsideThanThereArePlacesAndAllComeToTheirTurn() async throws {
    let gate = BodyGate(places: 3)
    let inside = Inside()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<200 {
        group.addTask {
          try await gate.through {
            await inside.enter()
            await Task.yield()
            await inside.leave()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(await inside.now == 0)
    #expect(await (1...3).contains(inside.most))
    #expect(await inside.all == 200)
  }

  @Test func oneThatIsCancelledWhileItWaitsGivesUpItsTurnOnly() async throws {
    let gate = BodyGate(places: 1)
    let (held, holding) = AsyncStream<Void>.makeStream()
    async let first: Void = gate.through { for await _ in held {} }
    let entered = Mutex(false)
    let second = Task {
      try await gate.through { entered.withLock { $0 = true } }
    }
    await untilWaiting(1, in: gate)
    second.cancel()
    await #expect(throws: CancellationError.self) { try await second.value }
    let third = Task { try await gate.through { 3 } }
    await untilWaiting(1, in: gate)
    holding.finish()
    try await first
    #expect(try await third.value == 3)
    let hasEntered = entered.withLock { $0 }
    #expect(!hasEntered)
    // the place was given back
    #expect(try await gate.through { 4 } == 4)
  }

  @Test func anErrorGivesThePlaceBack() async throws {
    struct Failure: Error {}
    let gate = BodyGate(places: 1)
    await #expect(throws: Failure.self) { try await gate.through { throw Failure() } }
    #expect(try await gate.through { 1 } == 1)
  }
}

/// How many are in the gate.
private actor Inside {
  private(set) var now = 0
  private(set) var most = 0
  private(set) var all = 0

  func enter() {
    now += 1
    most = max(most, now)
  }

  func leave() {
    now -= 1
    all += 1
  }
}
