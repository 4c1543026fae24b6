import Testing

@testable import SerialClient

/// Long random conversations: what must hold in each of them.
struct CallMachineWalkTests {
  private static let codes = [
    "draining", "superseded", "coordinator-unavailable", "recalling", "outcome-unknown",
    "quota-exceeded", "not-found", "internal-error",
  ]

  @Test(arguments: 0..<500)
  func everyCallEndsAndKeepsItsPromises(seed: UInt64) {
    var chance = SplitMix(state: seed)
    let effects = [CallMachine.Effect.read, .change, .create, .once]
    let effect = effects[Int(chance.next() % 4)]
    let nodeCount = 1 + Int(chance.next() % 3)
    let deadline = Duration.seconds(1 + Int(chance.next() % 40))
    var call = CallMachine(
      effect: effect, order: Array(0..<nodeCount), policy: RetryPolicy(), deadline: deadline)
    var now = Duration.zero
    var toldUntil: [Int: Duration] = [:]
    var wasSentForNothing = false
    var action = call.next(now: now)
    for _ in 0..<10_000 {
      switch action {
      case .finish: return
      case .fail(let failure):
        if wasSentForNothing, failure == .unreachable { Issue.record("something was sent") }
        if call.mayBeDone { #expect(effect != .read) }
        return
      case .wait(let until):
        #expect(until > now && until < deadline)
        now = until
        action = call.next(now: now)
      case .send(let node, let until):
        #expect(now < deadline && until <= deadline && until > now)
        #expect(now >= toldUntil[node] ?? .zero, "sent before the node said")
        if effect == .once { #expect(!wasSentForNothing, "once was sent again") }
        now += .milliseconds(Int(chance.next() % 3000))
        if now > until { now = until }
        let outcome = outcome(&chance)
        switch outcome {
        case .lost, .unreadable: wasSentForNothing = true
        case .refused(let refusal):
          if refusal.code == "outcome-unknown" || [502, 504].contains(refusal.status) {
            wasSentForNothing = true
          }
          if let after = refusal.retryAfter { toldUntil[node] = now + after }
        case .answered, .notSent, .tooLarge: break
        }
        action = call.ended(
          outcome, now: now, random: Double(chance.next() % 1000) / 1000)
      }
    }
    Issue.record("the call of seed \(seed) does not end")
  }

  private func outcome(_ chance: inout SplitMix) -> CallMachine.Outcome {
    switch chance.next() % 12 {
    case 0: return chance.next() % 8 == 0 ? .answered : .notSent
    case 1, 2: return .lost
    case 3: return .notSent
    case 4: return chance.next() % 4 == 0 ? .unreadable : .lost
    default:
      let status = [503, 503, 503, 503, 429, 502, 504, 500, 409][Int(chance.next() % 9)]
      let code = Self.codes[Int(chance.next() % UInt64(Self.codes.count))]
      let after: Duration? = chance.next() % 2 == 0 ? nil : .seconds(Int(chance.next() % 4))
      return .refused(CallMachine.Refusal(status: status, code: code, retryAfter: after))
    }
  }
}

/// A small generator, so that a seed names a conversation.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
