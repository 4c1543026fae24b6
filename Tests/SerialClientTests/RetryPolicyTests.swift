import Testing

@testable import SerialClient

struct RetryPolicyTests {
  @Test func pausesDoubleUpToTheLongest() {
    let policy = RetryPolicy(firstPause: .milliseconds(100), longestPause: .milliseconds(350))
    let pauses = (1...5).map { policy.pause(afterFailures: $0, random: 0) }
    #expect(pauses == [100, 200, 350, 350, 350].map { Duration.milliseconds($0) })
    #expect(policy.pause(afterFailures: 1_000_000, random: 0) == .milliseconds(350))
  }

  @Test func chanceTakesNoMoreThanHalf() {
    let policy = RetryPolicy(firstPause: .milliseconds(100))
    for step in 0..<100 {
      let pause = policy.pause(afterFailures: 1, random: Double(step) / 100)
      #expect(pause > .milliseconds(50) && pause <= .milliseconds(100))
    }
  }

  @Test func nodesThatFailedComeLastForAWhile() {
    var health = NodeHealth(nodeCount: 4)
    #expect(health.order(now: .zero) == [0, 1, 2, 3])
    health.failed(2, now: .seconds(1), avoidance: .seconds(10))
    health.failed(0, now: .seconds(2), avoidance: .seconds(10))
    #expect(health.order(now: .seconds(3)) == [1, 3, 2, 0])
    #expect(health.order(now: .seconds(11)) == [1, 2, 3, 0])
    #expect(health.order(now: .seconds(12)) == [0, 1, 2, 3])
    health.failed(1, now: .seconds(12), avoidance: .seconds(10))
    health.served(1)
    #expect(health.order(now: .seconds(13)) == [0, 1, 2, 3])
  }

  @Test func whatIsNoFaultOfANodeIsNotHeldAgainstIt() {
    func refused(_ status: Int, _ code: String?) -> Bool {
      CallMachine.isFailureOfNode(.refused(CallMachine.Refusal(status: status, code: code)))
    }
    #expect(refused(503, "draining") && refused(503, nil) && refused(500, "internal-error"))
    #expect(!refused(503, "recalling") && !refused(503, "outcome-unknown"))
    #expect(!refused(409, "frozen") && !refused(429, "quota-exceeded"))
    #expect(CallMachine.isFailureOfNode(.notSent) && CallMachine.isFailureOfNode(.lost))
    #expect(!CallMachine.isFailureOfNode(.answered))
  }
}
