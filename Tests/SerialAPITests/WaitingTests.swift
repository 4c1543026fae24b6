import Allocator
import Testing

@testable import SerialAPI

@Suite(.timeLimit(.minutes(1))) struct WaitingTests {
  @Test func aDeadlineGivesWhatComesInTime() async {
    #expect(await Deadline.within(.seconds(60)) { 5 } == 5)
  }

  @Test func aDeadlineDoesNotWaitForTheDeaf() async {
    let gate = Gate()
    defer { gate.open() }
    let result = await Deadline.within(.milliseconds(10)) {
      await gate.passed()
      return 5
    }
    #expect(result == nil)
  }

  @Test func aDeadlineEndsWithItsCaller() async {
    let gate = Gate()
    defer { gate.open() }
    let caller = Task {
      await Deadline.within(.seconds(600)) {
        await gate.passed()
        return 5
      }
    }
    caller.cancel()
    #expect(await caller.value == nil)
  }

  @Test func workIsCancelledWhenTheClientGoes() async {
    let presence = ClientPresence()
    let started = Gate()
    async let outcome = presence.whilePresent { () async -> Bool in
      let forever = Gate()
      started.open()
      await withTaskCancellationHandler {
        await forever.passed()
      } onCancel: {
        forever.open()
      }
      return Task.isCancelled
    }
    await started.passed()
    #expect(!presence.isGone)
    presence.leave()
    #expect(await outcome)
    #expect(presence.isGone)
  }

  @Test func workThatEndsIsNotDisturbed() async throws {
    let presence = ClientPresence()
    #expect(await presence.whilePresent { () async -> Int in 5 } == 5)
    await #expect(throws: AllocationError.self) {
      try await presence.whilePresent { () async throws(AllocationError) -> Int in
        throw AllocationError(.frozen, detail: "x")
      }
    }
  }

  @Test func whoeverIsCancelledDoesNotWaitForAClientToGo() async {
    let presence = ClientPresence()
    for _ in 0..<200 {
      let waiter = Task { await presence.untilGone() }
      waiter.cancel()
      await waiter.value
    }
    presence.leave()
    await presence.untilGone()
  }
}
