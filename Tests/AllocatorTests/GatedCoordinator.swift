import Allocator
import Foundation
import LeaseCore
import MemoryCoordinator

/// A coordinator that does what a test says with each call: passes it on, holds it, fails it, or
/// does it and loses the reply.
actor GatedCoordinator: LeaseCoordinating {
  enum Call: Sendable {
    case register, report, acquire, commit, readBack, renew, release, reap, resolve, sweep, hint
  }

  enum Step: Sendable {
    case pass
    /// Waits for `open`, which says what happens then.
    case hold
    /// Does nothing and throws.
    case fail(CoordinatorError.Code)
    /// Does it, and throws that the outcome is unknown.
    case loseReply
    /// Answers that keys are unused: whoever takes them has not finished.
    case unusedKeys
  }

  private struct Gate {
    let call: Call
    let opening: AsyncStream<Step>.Continuation
  }

  private struct Watcher {
    let call: Call
    let count: Int
    let arrival: AsyncStream<Void>.Continuation
  }

  private let session: MemorySession
  private var standing: [Call: Step] = [:]
  private var next: [Call: [Step]] = [:]
  private var gates: [Gate] = []
  private var opened: [Call: Step] = [:]
  private var watchers: [Watcher] = []
  private var counts: [Call: Int] = [:]
  private(set) var commits: [CommitPlan] = []

  init(_ session: MemorySession) { self.session = session }

  // MARK: - What a test says

  /// What happens to every call of a kind from now on.
  func always(_ step: Step, _ calls: Call...) { for call in calls { standing[call] = step } }

  /// What happens to the next calls of a kind, one after the other.
  func next(_ steps: Step..., of call: Call) { next[call, default: []] += steps }

  /// Lets every held call of a kind go on; if there is none yet, the one that is held next.
  func open(_ call: Call, as step: Step = .pass) {
    if !gates.contains(where: { $0.call == call }) { opened[call] = step }
    for gate in gates where gate.call == call {
      gate.opening.yield(step)
      gate.opening.finish()
    }
    gates.removeAll { $0.call == call }
  }

  func count(of call: Call) -> Int { counts[call] ?? 0 }

  /// Returns once so many calls of a kind have arrived, or when the test is cancelled.
  func arrival(of call: Call, count: Int) async {
    guard self.count(of: call) < count else { return }
    let (stream, arrival) = AsyncStream.makeStream(of: Void.self)
    watchers.append(Watcher(call: call, count: count, arrival: arrival))
    for await _ in stream {}
  }

  // MARK: - The calls

  private func perform<Answer: Sendable>(
    _ call: Call, _ act: () async throws(CoordinatorError) -> Answer
  ) async throws(CoordinatorError) -> Answer {
    let count = count(of: call) + 1
    counts[call] = count
    for watcher in watchers where watcher.call == call && watcher.count <= count {
      watcher.arrival.finish()
    }
    watchers.removeAll { $0.call == call && $0.count <= count }
    var step = standing[call] ?? .pass
    if let first = next[call]?.first {
      step = first
      next[call]?.removeFirst()
    }
    if case .hold = step { step = await opening(of: call) }
    switch step {
    case .pass, .hold, .unusedKeys: return try await act()
    case .fail(let code): throw CoordinatorError(code, detail: "as the test says")
    case .loseReply:
      _ = try await act()
      throw CoordinatorError(.outcomeUnknown, detail: "the reply was lost")
    }
  }

  /// Whoever is cancelled while it waits does not know what became of its call.
  private func opening(of call: Call) async -> Step {
    if let step = opened.removeValue(forKey: call) { return step }
    let (stream, continuation) = AsyncStream.makeStream(of: Step.self)
    gates.append(Gate(call: call, opening: continuation))
    for await step in stream { return step }
    return .fail(.outcomeUnknown)
  }

  func register() async throws(CoordinatorError) -> RegisterAnswer {
    try await perform(.register) { () async throws(CoordinatorError) in
      try await session.register()
    }
  }

  func report(_ report: HoldingsReport) async throws(CoordinatorError) -> ReportAnswer {
    try await perform(.report) { () async throws(CoordinatorError) in
      try await session.report(report)
    }
  }

  func resolve(_ keys: [KeyOwner]) async throws(CoordinatorError) -> [KeyAnswer] {
    var areHidden = false
    if case .unusedKeys = next[.resolve]?.first { areHidden = true }
    let answers = try await perform(.resolve) { () async throws(CoordinatorError) in
      try await session.resolve(keys)
    }
    return areHidden ? keys.map { _ in .unused } : answers
  }

  func sweepKeys() async throws(CoordinatorError) -> Int {
    try await perform(.sweep) { () async throws(CoordinatorError) in
      try await session.sweepKeys()
    }
  }

  func hint() async throws(CoordinatorError) {
    try await perform(.hint) { () async throws(CoordinatorError) in try await session.hint() }
  }

  func acquire(_ plan: AcquirePlan) async throws(CoordinatorError) -> AcquireReply {
    try await perform(.acquire) { () async throws(CoordinatorError) in
      try await session.acquire(plan)
    }
  }

  func commit(_ plan: CommitPlan, while isInTime: @escaping @Sendable () -> Bool)
    async throws(CoordinatorError) -> CommitAnswer
  {
    commits.append(plan)
    return try await perform(.commit) { () async throws(CoordinatorError) in
      try await session.commit(plan, while: isInTime)
    }
  }

  func readBack(_ leases: [LeaseReference]) async throws(CoordinatorError) -> [ReadBackReply] {
    try await perform(.readBack) { () async throws(CoordinatorError) in
      try await session.readBack(leases)
    }
  }

  func renew(_ leases: [LeaseReference]) async throws(CoordinatorError) -> RenewAnswer {
    try await perform(.renew) { () async throws(CoordinatorError) in
      try await session.renew(leases)
    }
  }

  func release(_ items: [ReleaseItem]) async throws(CoordinatorError) -> [ReleaseReply] {
    try await perform(.release) { () async throws(CoordinatorError) in
      try await session.release(items)
    }
  }

  func reapExpired() async throws(CoordinatorError) -> Int {
    try await perform(.reap) { () async throws(CoordinatorError) in
      try await session.reapExpired()
    }
  }
}
