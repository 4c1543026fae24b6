import Testing

@testable import SerialClient

/// Conversations with the machine: how an attempt ended goes in, what to do next comes out.
struct CallMachineTests {
  private let policy = RetryPolicy(
    firstPause: .milliseconds(100), longestPause: .seconds(1), attemptTimeout: .seconds(10))

  private func machine(
    _ effect: CallMachine.Effect = .create, order: [Int] = [0, 1],
    deadline: Duration = .seconds(30),
    policy: RetryPolicy? = nil
  ) -> CallMachine {
    CallMachine(effect: effect, order: order, policy: policy ?? self.policy, deadline: deadline)
  }

  private func refusal(_ status: Int, _ code: String? = nil, retryAfter: Duration? = nil)
    -> CallMachine.Outcome
  { .refused(CallMachine.Refusal(status: status, code: code, retryAfter: retryAfter)) }

  @Test func theFirstNodeAnswers() {
    var call = machine()
    #expect(call.next(now: .zero) == .send(node: 0, until: .seconds(10)))
    #expect(call.ended(.answered, now: .seconds(1), random: 0) == .finish)
    #expect(!call.mayBeDone)
  }

  @Test func theOrderOfNodesIsKept() {
    var call = machine(order: [2, 0, 1])
    #expect(call.next(now: .zero) == .send(node: 2, until: .seconds(10)))
    #expect(call.ended(.notSent, now: .zero, random: 0) == .send(node: 0, until: .seconds(10)))
    #expect(call.ended(.notSent, now: .zero, random: 0) == .send(node: 1, until: .seconds(10)))
  }

  @Test func anAttemptEndsWithTheDeadline() {
    var call = machine(deadline: .seconds(4))
    #expect(call.next(now: .seconds(1)) == .send(node: 0, until: .seconds(4)))
  }

  @Test func whenNoNodeIsReachedItPausesLongerEachTime() {
    var call = machine(deadline: .milliseconds(900))
    _ = call.next(now: .zero)
    #expect(
      call.ended(.notSent, now: .zero, random: 0) == .send(node: 1, until: .milliseconds(900)))
    #expect(call.ended(.notSent, now: .zero, random: 0) == .wait(until: .milliseconds(100)))
    #expect(
      call.next(now: .milliseconds(100)) == .send(node: 0, until: .milliseconds(900)))
    #expect(
      call.ended(.notSent, now: .milliseconds(100), random: 0)
        == .send(node: 1, until: .milliseconds(900)))
    // The second failure of a node doubles its pause, and chance takes up to a half of it.
    #expect(
      call.ended(.notSent, now: .milliseconds(100), random: 0.5)
        == .wait(until: .milliseconds(250)))
    _ = call.next(now: .milliseconds(300))
    _ = call.ended(.notSent, now: .milliseconds(300), random: 0)
    #expect(
      call.ended(.notSent, now: .milliseconds(300), random: 0) == .wait(until: .milliseconds(700)))
    _ = call.next(now: .milliseconds(700))
    _ = call.ended(.notSent, now: .milliseconds(700), random: 0)
    #expect(call.ended(.notSent, now: .milliseconds(700), random: 0) == .fail(.unreachable))
  }

  @Test func retryAfterIsHonouredForEachNode() {
    var call = machine()
    _ = call.next(now: .zero)
    #expect(
      call.ended(refusal(503, "draining", retryAfter: .seconds(5)), now: .zero, random: 0)
        == .send(node: 1, until: .seconds(10)))
    #expect(
      call.ended(
        refusal(503, "coordinator-unavailable", retryAfter: .seconds(2)), now: .zero, random: 0)
        == .wait(until: .seconds(2)))
    #expect(call.next(now: .seconds(2)) == .send(node: 1, until: .seconds(12)))
    #expect(call.ended(.notSent, now: .seconds(2), random: 0) == .wait(until: .milliseconds(2200)))
  }

  @Test func clientsThatWereToldTheSameTimeAreSpreadBehindIt() {
    var call = machine(order: [0])
    _ = call.next(now: .zero)
    #expect(
      call.ended(refusal(503, "draining", retryAfter: .seconds(2)), now: .zero, random: 0.5)
        == .wait(until: .milliseconds(2050)))
  }

  @Test func aRetryAfterBehindTheDeadlineIsNotWaitedFor() {
    var call = machine(order: [0], deadline: .seconds(2))
    _ = call.next(now: .zero)
    #expect(
      call.ended(refusal(503, "draining", retryAfter: .seconds(2)), now: .zero, random: 0)
        == .fail(.refused))
  }

  @Test func recallingConcernsAllNodes() {
    var call = machine()
    _ = call.next(now: .zero)
    #expect(
      call.ended(refusal(503, "recalling", retryAfter: .seconds(1)), now: .zero, random: 0)
        == .wait(until: .seconds(1)))
    #expect(call.next(now: .seconds(1)) == .send(node: 1, until: .seconds(11)))
  }

  @Test func aQuotaIsWaitedForWhenThatFitsIntoTheDeadline() {
    var call = machine()
    _ = call.next(now: .zero)
    let refused = refusal(429, "quota-exceeded", retryAfter: .seconds(29))
    #expect(call.ended(refused, now: .zero, random: 0.9) < .seconds(30))
    var late = machine()
    _ = late.next(now: .zero)
    #expect(
      late.ended(refusal(429, "quota-exceeded", retryAfter: .seconds(30)), now: .zero, random: 0)
        == .fail(.refused))
  }

  @Test(arguments: [400, 401, 403, 404, 405, 408, 409, 413, 415, 422, 431, 500, 501])
  func whatIsRefusedForGoodIsNotSentAgain(status: Int) {
    for effect in [CallMachine.Effect.read, .change, .create, .once] {
      var call = machine(effect)
      _ = call.next(now: .zero)
      #expect(call.ended(refusal(status, "x"), now: .zero, random: 0) == .fail(.refused))
      // A defect proves nothing.
      #expect(call.mayBeDone == (status == 500 && effect != .read))
    }
  }

  @Test func anUnknownOutcomeIsSentAgainToAnotherNode() {
    for effect in [CallMachine.Effect.change, .create] {
      var call = machine(effect)
      _ = call.next(now: .zero)
      #expect(call.ended(.lost, now: .seconds(1), random: 0) == .send(node: 1, until: .seconds(11)))
      #expect(
        call.ended(refusal(503, "outcome-unknown"), now: .seconds(2), random: 0)
          == .send(node: 0, until: .seconds(12)))
      #expect(call.ended(.answered, now: .seconds(3), random: 0) == .finish)
    }
  }

  @Test func theDeadlineAfterSomethingWasSentIsAnUnknownOutcome() {
    for effect in [CallMachine.Effect.change, .create] {
      var call = machine(effect, deadline: .seconds(5))
      _ = call.next(now: .zero)
      #expect(call.ended(.lost, now: .seconds(5), random: 0) == .fail(.outcomeUnknown))
      #expect(call.mayBeDone)
    }
    var read = machine(.read, deadline: .seconds(5))
    _ = read.next(now: .zero)
    #expect(read.ended(.lost, now: .seconds(5), random: 0) == .fail(.noAnswer))
    #expect(!read.mayBeDone)
  }

  @Test func theStatusOutcomeUnknownCounts() {
    var call = machine(order: [0], deadline: .seconds(5))
    _ = call.next(now: .zero)
    _ = call.ended(refusal(503, "outcome-unknown"), now: .seconds(1), random: 0)
    _ = call.next(now: .seconds(2))
    #expect(
      call.ended(refusal(503, "draining"), now: .seconds(5), random: 0) == .fail(.outcomeUnknown))
  }

  @Test func aRefusalDoesNotUndoWhatMayBeDone() {
    var call = machine()
    _ = call.next(now: .zero)
    _ = call.ended(.lost, now: .seconds(1), random: 0)
    #expect(
      call.ended(refusal(401, "unauthenticated"), now: .seconds(2), random: 0)
        == .fail(.outcomeUnknown))
    var key = machine()
    _ = key.next(now: .zero)
    _ = key.ended(.lost, now: .seconds(1), random: 0)
    #expect(
      key.ended(refusal(422, "idempotency-key-reused"), now: .seconds(2), random: 0)
        == .fail(.refused))
    var read = machine(.read)
    _ = read.next(now: .zero)
    _ = read.ended(.lost, now: .seconds(1), random: 0)
    #expect(read.ended(refusal(404, "not-found"), now: .seconds(2), random: 0) == .fail(.refused))
  }

  @Test func onceIsNeverSentAgainAfterItMayHaveBeenCarriedOut() {
    for outcome in [
      CallMachine.Outcome.lost, .unreadable, refusal(503, "outcome-unknown"), refusal(502),
      refusal(504),
    ] {
      var call = machine(.once)
      _ = call.next(now: .zero)
      #expect(call.ended(outcome, now: .zero, random: 0) == .fail(.outcomeUnknown), "\(outcome)")
    }
    for outcome in [CallMachine.Outcome.notSent, refusal(503, "draining")] {
      var call = machine(.once)
      _ = call.next(now: .zero)
      #expect(
        call.ended(outcome, now: .zero, random: 0) == .send(node: 1, until: .seconds(10)),
        "\(outcome)")
    }
  }

  @Test func gatewaysSpeakForNodesThatDidNotAnswer() {
    for status in [502, 504] {
      var call = machine(order: [0], deadline: .seconds(1))
      _ = call.next(now: .zero)
      #expect(call.ended(refusal(status), now: .seconds(1), random: 0) == .fail(.outcomeUnknown))
    }
  }

  @Test func whatNobodyCanReadIsAskedOfEachNodeOnce() {
    var read = machine(.read)
    _ = read.next(now: .zero)
    #expect(
      read.ended(.unreadable, now: .zero, random: 0) == .send(node: 1, until: .seconds(10)))
    #expect(read.ended(.unreadable, now: .zero, random: 0) == .fail(.unreadable))
    var create = machine(.create, order: [0])
    _ = create.next(now: .zero)
    #expect(create.ended(.unreadable, now: .zero, random: 0) == .fail(.outcomeUnknown))
  }

  @Test func whatIsTooLargeStaysTooLarge() {
    for effect in [CallMachine.Effect.read, .create] {
      var call = machine(effect)
      _ = call.next(now: .zero)
      #expect(call.ended(.tooLarge, now: .zero, random: 0) == .fail(.tooLarge))
      #expect(call.mayBeDone == (effect == .create))
    }
  }

  @Test func attemptsAreBounded() {
    var bounded = policy
    bounded.attemptsPerNode = 1
    var call = machine(policy: bounded)
    _ = call.next(now: .zero)
    _ = call.ended(.notSent, now: .zero, random: 0)
    #expect(call.ended(.notSent, now: .zero, random: 0) == .fail(.unreachable))
  }
}

extension CallMachine.Action {
  /// Whether it is a wait that ends before a time.
  fileprivate static func < (action: CallMachine.Action, time: Duration) -> Bool {
    guard case .wait(let until) = action else { return false }
    return until < time
  }
}
