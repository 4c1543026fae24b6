import Allocator
import Foundation
import LeaseCore
import Logging
import MemoryCoordinator
import SerialFormat
import Synchronization
import Testing

/// One node that runs on a ledger in memory, behind a gate.
struct GatedNode: Sendable {
  typealias Outcome = Result<Allocation, AllocationError>

  let ledger: MemoryLedger
  let gate: GatedCoordinator
  let allocator: Allocator
  let running: Task<Void, Never>
  let pauses: Pauses

  /// How often its clock was asked to sleep for how long.
  final class Pauses: Sendable {
    private let counts = Mutex<[Int: Int]>([:])

    func add(_ milliseconds: Int) { counts.withLock { $0[milliseconds, default: 0] += 1 } }

    func count(of milliseconds: Int) -> Int { counts.withLock { $0[milliseconds] ?? 0 } }
  }

  static let node = "eu-1"

  /// Runs a node for as long as `body` lasts. The grace is long unless a test is about it: a slow
  /// machine must not make an outcome unknown that the read-back decides.
  /// - Parameter timeToLive: Without one its leases live long, and it renews them ten times a second.
  static func run(
    timeToLive: Int? = nil, unknownGrace: Int = 20_000,
    _ body: (GatedNode) async throws -> Void
  ) async throws {
    try await runAll([node], timeToLive: timeToLive, unknownGrace: unknownGrace) { nodes in
      try await body(nodes[0])
    }
  }

  /// Runs several nodes on one ledger for as long as `body` lasts.
  static func runAll(
    _ names: [String], timeToLive: Int? = nil, unknownGrace: Int = 20_000,
    commitAhead: CommitAhead = .none, _ body: ([GatedNode]) async throws -> Void
  ) async throws {
    let ledger = MemoryLedger(now: Date(timeIntervalSince1970: 1_790_000_000))
    var machine = LeaseMachine.Settings(
      timeToLiveMilliseconds: timeToLive ?? 60_000, unknownGraceMilliseconds: unknownGrace,
      retryMilliseconds: 5, recallRetryMilliseconds: 5)
    machine.commitAhead = commitAhead
    var nodes: [GatedNode] = []
    for name in names {
      await ledger.enroll(node: name, region: "eu")
      nodes.append(start(name, on: ledger, machine: machine, pace: timeToLive == nil ? 200 : 1))
    }
    let result: Result<Void, any Error>
    do {
      for node in nodes {
        try await node.become(.ready)
        await node.gate.arrival(of: .renew, count: 1)
      }
      result = .success(try await body(nodes))
    } catch {
      result = .failure(error)
    }
    for node in nodes { node.running.cancel() }
    for node in nodes { await node.running.value }
    try result.get()
  }

  /// Its clock is that of the machine, but for the year, which is the ledger's; and it sleeps for a
  /// shorter time by the factor `pace`. A lease that lived so short would lapse on a slow machine.
  private static func start(
    _ name: String, on ledger: MemoryLedger, machine: LeaseMachine.Settings, pace: Int
  ) -> GatedNode {
    let gate = GatedCoordinator(session(on: ledger, node: name))
    let pauses = Pauses()
    let clock = NodeClock(now: NodeClock.continuous.now, year: { 2026 }) {
      pauses.add($0)
      try await ContinuousClock().sleep(for: .milliseconds($0) / pace)
    }
    let allocator = Allocator(
      settings: AllocatorSettings(
        node: name, machine: machine, requestDeadlineMilliseconds: 120_000,
        tickMilliseconds: 2 * pace, probeMilliseconds: 5 * pace, boot: BootID(UUID())),
      coordinator: gate, journal: MemoryJournal(), clock: clock,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let running = Task { await allocator.run() }
    return GatedNode(
      ledger: ledger, gate: gate, allocator: allocator, running: running, pauses: pauses)
  }

  /// A new process of the node.
  static func session(on ledger: MemoryLedger, node: String = node) -> MemorySession {
    MemorySession(
      ledger: ledger, node: node,
      identity: SessionIdentity(
        bootID: BootID(UUID()), timeToLiveMilliseconds: 15_000, requiresStandby: false))
  }

  func ask(
    _ count: Int = 1, of kind: CounterKind = .job, subject: String = "tester",
    id: RequestID = RequestID(UUID()), year: Int? = nil, mayUseReserve: Bool = false,
    key: IdempotencyKey? = nil, records: [String] = []
  ) async -> Outcome {
    let request = AllocationRequest(
      kind: kind, count: count, subject: subject, id: id, year: year,
      mayUseReserve: mayUseReserve, key: key, records: records)
    do throws(AllocationError) {
      return .success(try await allocator.allocate(request))
    } catch {
      return .failure(error)
    }
  }

  /// Starts a request that cannot be answered now, and returns once it waits: then a twin with the
  /// same id is refused, and only then.
  func begin(
    _ count: Int = 1, of kind: CounterKind = .job, records: [String] = []
  ) async throws -> Task<Outcome, Never> {
    let id = RequestID(UUID())
    let (answered, ended) = AsyncStream.makeStream(of: Int.self)
    let twins = (0..<2).map { index in
      Task {
        let outcome = await ask(count, of: kind, id: id, records: records)
        ended.yield(index)
        return outcome
      }
    }
    for await index in answered {
      try #require(await twins[index].value.refusal == .invalidRequest)
      return twins[1 - index]
    }
    throw CancellationError()
  }

  /// Makes sure that the node holds about 100 numbers that nobody was given.
  func warmUp() async throws {
    _ = try await ask(100).get()
    _ = try await ask(1).get()
  }

  /// Waits for the node to become ready, or away, or what else.
  func become(_ wanted: Readiness) async throws {
    try await until { await allocator.readiness() == wanted }
  }

  /// Waits for something to become true; a test that waits for ever ends by its time limit.
  func until(_ condition: () async -> Bool) async throws {
    while !(await condition()) { try await Task.sleep(for: .milliseconds(1)) }
  }

  func entry(_ kind: CounterKind = .job) async throws -> LedgerEntry {
    try #require(try await ledger.ledger().first { $0.counter.kind == kind })
  }
}

extension Result where Success == Allocation, Failure == AllocationError {
  var refusal: AllocationError.Code? {
    switch self {
    case .success: nil
    case .failure(let error): error.code
    }
  }

  /// Empty for a refusal.
  var numbers: [Int] {
    switch self {
    case .success(let allocation): allocation.blocks.flatMap(\.numbers)
    case .failure: []
    }
  }
}
