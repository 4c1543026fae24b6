/// One call: which node is asked next, how long it waits, and when it gives up. Pure: times are
/// durations since the client was made, randomness comes in as a value.
///
/// The conversation: `next` says what to do. After `send` comes `ended`, after `wait` comes `next`
/// again. `finish` and `fail` are the end.
struct CallMachine: Sendable {
  /// What it means when a request is carried out twice.
  enum Effect: Sendable, Equatable {
    /// It changes nothing.
    case read
    /// The same change again changes nothing more.
    case change
    /// It has an idempotency key: the node gives the same answer again.
    case create
    /// It may be sent again only when it was certainly not carried out.
    case once
  }

  /// How an attempt ended.
  enum Outcome: Sendable, Equatable {
    /// With an answer of status 2xx that could be read.
    case answered
    case refused(Refusal)
    /// The node was not reached: nothing was sent.
    case notSent
    /// Something may have been sent, and no answer came.
    case lost
    /// What came is no answer of a node.
    case unreadable
    /// The answer is larger than this client takes.
    case tooLarge
  }

  /// An answer of a node that says why it did not do what it was asked.
  struct Refusal: Sendable, Equatable {
    let status: Int
    var code: String?
    var retryAfter: Duration?
  }

  enum Action: Sendable, Equatable {
    /// Send to this node; without an answer at `until` the attempt is lost.
    case send(node: Int, until: Duration)
    case wait(until: Duration)
    case finish
    case fail(Failure)
  }

  enum Failure: Sendable, Equatable {
    /// The last refusal says why.
    case refused
    /// No node was reached.
    case unreachable
    /// A reading call got no answer.
    case noAnswer
    case outcomeUnknown
    case unreadable
    case tooLarge
  }

  private struct Node {
    var attempts = 0
    var notBefore: Duration = .zero
    var gaveUnreadable = false
  }

  let effect: Effect
  let deadline: Duration
  private let policy: RetryPolicy
  /// In which order nodes are asked that were asked equally often.
  private let order: [Int]
  private var nodes: [Int: Node]
  private var asked: Int?
  private var wasRefused = false
  private var wasLost = false
  private var wasUnreadable = false
  /// Something was sent that may have been carried out.
  private(set) var mayBeDone = false

  init(effect: Effect, order: [Int], policy: RetryPolicy, deadline: Duration) {
    self.effect = effect
    self.order = order
    self.policy = policy
    self.deadline = deadline
    nodes = Dictionary(uniqueKeysWithValues: order.map { ($0, Node()) })
  }

  /// The first node that may be asked now and was asked least, else the time when one may be.
  mutating func next(now: Duration) -> Action {
    guard now < deadline else { return .fail(failure) }
    let left = order.filter { node in
      policy.attemptsPerNode.map { state(of: node).attempts < $0 } ?? true
    }
    let ready = left.filter { state(of: $0).notBefore <= now }
    if let node = ready.min(by: { state(of: $0).attempts < state(of: $1).attempts }) {
      nodes[node]?.attempts += 1
      asked = node
      return .send(node: node, until: min(deadline, now + policy.attemptTimeout))
    }
    guard let earliest = left.map({ state(of: $0).notBefore }).min(), earliest < deadline else {
      return .fail(failure)
    }
    return .wait(until: earliest)
  }

  /// Takes how the attempt ended; `random` is 0..<1.
  mutating func ended(_ outcome: Outcome, now: Duration, random: Double) -> Action {
    guard let node = asked else { return .fail(failure) }
    asked = nil
    let pause = policy.pause(afterFailures: state(of: node).attempts, random: random)
    switch outcome {
    case .answered: return .finish
    case .tooLarge:
      mayBeDone = effect != .read
      return .fail(.tooLarge)
    case .refused(let refusal):
      wasRefused = true
      return refused(refusal, by: node, now: now, pause: pause, random: random)
    case .notSent: break
    case .lost:
      wasLost = true
      if gaveUpAsUnknown() { return .fail(.outcomeUnknown) }
    case .unreadable:
      wasUnreadable = true
      nodes[node]?.gaveUnreadable = true
      if gaveUpAsUnknown() { return .fail(.outcomeUnknown) }
      if nodes.values.allSatisfy(\.gaveUnreadable) { return .fail(failure) }
    }
    hold(node, until: now + pause)
    return next(now: now)
  }

  private mutating func refused(
    _ refusal: Refusal, by node: Int, now: Duration, pause: Duration, random: Double
  ) -> Action {
    if refusal.code == "outcome-unknown", gaveUpAsUnknown() { return .fail(.outcomeUnknown) }
    switch refusal.status {
    case 429: holdAll(until: again(refusal, now: now, pause: pause, random: random))
    case 502, 504:
      // A gateway speaks for a node that did not answer it.
      wasLost = true
      if gaveUpAsUnknown() { return .fail(.outcomeUnknown) }
      hold(node, until: again(refusal, now: now, pause: pause, random: random))
    case 503:
      let time = again(refusal, now: now, pause: pause, random: random)
      if refusal.code == "recalling" {
        // It is the same for every node.
        holdAll(until: time)
      } else {
        hold(node, until: time)
      }
    case 500:
      mayBeDone = effect != .read
      return .fail(.refused)
    default:
      // What an earlier attempt may have done is not undone by this refusal, unless the key turns
      // out to belong to another request.
      let settles = refusal.code == "idempotency-key-reused"
      return .fail(mayBeDone && !settles ? .outcomeUnknown : .refused)
    }
    return next(now: now)
  }

  /// Notes that the request may have been carried out, and says whether it ends there.
  private mutating func gaveUpAsUnknown() -> Bool {
    mayBeDone = effect != .read
    return effect == .once
  }

  private mutating func holdAll(until time: Duration) {
    for node in order { hold(node, until: max(state(of: node).notBefore, time)) }
  }

  private mutating func hold(_ node: Int, until time: Duration) { nodes[node]?.notBefore = time }

  /// When a node may be asked again. Clients that were told the same time are spread behind it.
  private func again(
    _ refusal: Refusal, now: Duration, pause: Duration, random: Double
  ) -> Duration {
    guard let retryAfter = refusal.retryAfter, retryAfter > .zero else { return now + pause }
    let told = now + retryAfter
    let spread = max(.zero, min(policy.firstPause, (deadline - told) / 2)) * random
    return told + spread
  }

  private func state(of node: Int) -> Node { nodes[node] ?? Node() }

  /// What a call that gives up says: the strongest of what it knows.
  private var failure: Failure {
    if mayBeDone { return .outcomeUnknown }
    if wasRefused { return .refused }
    if wasUnreadable { return .unreadable }
    return wasLost ? .noAnswer : .unreachable
  }

  /// Whether an outcome is a reason to ask other nodes first for a while.
  static func isFailureOfNode(_ outcome: Outcome) -> Bool {
    switch outcome {
    case .answered, .tooLarge: false
    case .notSent, .lost, .unreadable: true
    case .refused(let refusal):
      refusal.status >= 500 && refusal.code != "recalling" && refusal.code != "outcome-unknown"
    }
  }
}
