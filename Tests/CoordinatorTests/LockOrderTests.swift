import Allocator
import CoordinatorConformance
import DatabaseFixture
import Foundation
import LeaseCore
import LibPQ
import LocalCluster
import SerialFormat
import Synchronization
import Testing

/// Rule 10: acquire, commit, release, reap, renew, read-back and registration from many connections
/// at once, for a minute: no deadlock, and no statement that waits longer than its limit.
struct LockOrderTests {
  static let duration = Duration.seconds(60)
  static let workersPerNode = 6

  final class Tally: Sendable {
    private let counts = Mutex<[String: Int]>([:])

    func add(_ what: String) { counts.withLock { $0[what, default: 0] += 1 } }

    var all: [String: Int] { counts.withLock { $0 } }
  }

  @Test(.timeLimit(.minutes(4)))
  func nothingDeadlocksAndNothingWaitsTooLong() async throws {
    let tally = Tally()
    try await PostgresHarness.run { harness in
      let end = ContinuousClock.now + Self.duration
      try await withThrowingTaskGroup(of: Void.self) { group in
        for node in ["eu-1", "eu-2", "us-1"] {
          for worker in 0..<Self.workersPerNode {
            group.addTask {
              try await harness.database.withPool(as: node, size: 1) { pool in
                let own = PostgresHarness(database: harness.database, pools: [node: pool])
                var random = SeededGenerator(seed: UInt64(worker) &* 977 &+ UInt64(node.utf8.sum))
                while ContinuousClock.now < end {
                  try await Self.oneLife(of: node, own, &random, tally)
                }
              }
            }
          }
        }
        try await group.waitForAll()
      }
      try await expectLedgersBalance(harness)
      let deadlocks = try await harness.database.sql(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
      #expect(deadlocks.trimmingCharacters(in: .whitespacesAndNewlines) == "0")
    }
    let all = tally.all
    for what in [
      "acquire", "commit", "release", "renew", "read-back", "reap", "register", "report", "resolve",
      "commit with keys", "void", "operate",
    ] {
      #expect((all[what] ?? 0) > 20, "\(what): \(all)")
    }
  }

  /// A process is born, works for a while, and is replaced by the next.
  private static func oneLife(
    of node: String, _ harness: PostgresHarness, _ random: inout SeededGenerator, _ tally: Tally
  ) async throws {
    let identity = SessionIdentity(
      bootID: BootID(UUID()), timeToLiveMilliseconds: Int.random(in: 100...3_000, using: &random),
      requiresStandby: false)
    let coordinator = try await harness.session(node: node, identity: identity)
    func done<Reply>(_ what: String, _ call: () async throws -> Reply) async throws -> Reply {
      // a lock limit, a deadlock or a statement limit would be thrown here and fail the test
      let reply = try await call()
      tally.add(what)
      return reply
    }
    let operating = try await harness.operating
    _ = try await done("register") { try await coordinator.register() }
    let process = TestProcess(coordinator: coordinator, boot: identity.bootID)
    var held: [TestProcess.Held] = []
    for _ in 0..<Int.random(in: 5...40, using: &random) {
      switch Int.random(in: 0..<16, using: &random) {
      case 0...1:
        let count = Int.random(in: 1...5, using: &random)
        held += try await done("acquire") {
          try await process.acquire(
            Bool.random(using: &random) ? .job : .target, needed: count, wanted: count * 3)
        }.held
      case 2...7:
        guard !held.isEmpty else { continue }
        let index = held.indices.randomElement(using: &random) ?? 0
        guard held[index].committedThrough < held[index].block.last else { continue }
        let keyed = Bool.random(using: &random)
        let plan =
          keyed ? Self.withKeys(of: held[index], &random) : held[index].plan(raisingBy: 1)
        let answer = try await done(keyed ? "commit with keys" : "commit") {
          try await coordinator.commit(plan)
        }
        if answer.leases.first?.outcome == .committed {
          held[index].committedThrough += plan.lines.count
          held[index].revision += 1
        } else if answer.refused.isEmpty {
          held.remove(at: index)
        }
      case 8:
        let leases = held.map(\.lease)
        _ = try await done("renew") { try await coordinator.renew(leases) }
      case 9:
        guard let index = held.indices.randomElement(using: &random) else { continue }
        let found = try await done("read-back") {
          try await coordinator.readBack([held[index].lease.next])
        }
        let lease = held[index].lease
        held[index].lease = LeaseReference(
          id: lease.id, token: lease.token, attempt: found.first?.attempt ?? 0)
      case 10:
        guard let last = held.popLast() else { continue }
        _ = try await done("release") { try await process.release(last) }
      case 11:
        let first = Int.random(in: 60_000...60_100, using: &random)
        let block = try #require(Block(first: first, count: Int.random(in: 1...20, using: &random)))
        let holding = Holding(
          lease: LeaseID(UUID()), boot: identity.bootID, counter: Counter(kind: .job, year: 2026),
          block: block, issuedThrough: block.last, isExact: Bool.random(using: &random))
        let generation = try await coordinator.renew([]).facts.generation
        let report = HoldingsReport(generation: generation, suspicion: nil, holdings: [holding])
        _ = try await done("report") { try await coordinator.report(report) }
      case 12:
        let owners = (0..<5).map { _ in Self.owner(&random) }
        _ = try await done("resolve") { try await coordinator.resolve(owners) }
        _ = try await coordinator.sweepKeys()
      case 13:
        let first = Int.random(in: 50_000...50_100, using: &random)
        let block = try #require(Block(first: first, count: Int.random(in: 1...20, using: &random)))
        let counter = Counter(kind: .job, year: 2026)
        _ = try await done("void") {
          try await operating.void(block, of: counter, reason: "test", by: "tester")
        }
        _ = try await operating.unvoid(block, of: counter, reason: "test", by: "tester")
      case 14:
        let quota = Int.random(in: 1_000...50_000, using: &random)
        let subject = Self.owner(&random).subject
        _ = try await done("operate") {
          try await operating.setQuota(
            of: subject, perMinute: Bool.random(using: &random) ? quota : nil, perYear: quota * 2,
            by: "tester")
        }
        try await operating.setReserve(quota / 10, of: Counter(kind: .target, year: 2026), by: "t")
        _ = try await operating.recover(reason: "test", by: "tester")
      default:
        _ = try await done("reap") { try await coordinator.reapExpired() }
      }
    }
  }

  private static func owner(_ random: inout SeededGenerator) -> KeyOwner {
    let number = Int.random(in: 0..<30, using: &random)
    let key = IdempotencyKey(route: "POST /test", key: "key-\(number)", requestHash: "h")
    guard let key else { preconditionFailure("key-\(number) is a good key") }
    return KeyOwner(subject: "subject-\(number % 4)", key: key)
  }

  /// Up to four requests of subjects with quotas, each with a key that others take as well, in any order.
  private static func withKeys(
    of held: TestProcess.Held, _ random: inout SeededGenerator
  ) -> CommitPlan {
    let numbers = (held.committedThrough + 1)...held.block.last
    var owners: [KeyOwner] = []
    for _ in 0..<min(4, numbers.count) {
      let owner = Self.owner(&random)
      if !owners.contains(owner) { owners.append(owner) }
    }
    let asked = zip(numbers, owners).compactMap { number, owner in
      Block(first: number, count: 1).map {
        TestProcess.Asked($0, subject: owner.subject, key: owner.key)
      }
    }
    return held.plan(through: held.committedThrough + asked.count, asked: asked)
  }
}

func expectLedgersBalance(_ harness: PostgresHarness) async throws {
  for entry in try await harness.reading.ledger() {
    #expect(entry.issued + entry.leased + entry.free + entry.void == entry.capacity)
  }
}

/// SplitMix64: the same seed gives the same numbers everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension String.UTF8View {
  var sum: Int { reduce(0) { $0 + Int($1) } }
}
