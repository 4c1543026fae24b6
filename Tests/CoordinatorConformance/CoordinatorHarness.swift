public import Allocator
import Foundation
public import LeaseCore
public import SerialFormat

/// A coordinator under test: the in-memory ledger, or PostgreSQL. Each harness starts empty, with
/// the nodes `eu-1`, `eu-2` and `us-1` enrolled.
public protocol CoordinatorHarness: Sendable {
  /// A process of a node; registered by the suite, not here.
  func session(node: String, identity: SessionIdentity) async throws -> any LeaseCoordinating
  var reading: any ClusterReading { get async throws }
  var operating: any ClusterOperating { get async throws }
  /// Lets every live lease of a node expire now, by the coordinator's own clock.
  func expireLeases(of node: String) async throws
  /// Makes every idempotency key so much older, and changes nothing else.
  func ageKeys(bySeconds seconds: Int) async throws
  /// The names in a counter's records, by number.
  func recordNames(of counter: Counter) async throws -> [Int: String]
  /// An application inserts a row with the serial of a number.
  func insertRecord(_ name: String, number: Int, of counter: Counter) async throws
  /// Makes the registry one that takes records, or one of an installation that is not migrated.
  func setRegistryReady(_ isReady: Bool) async throws
}

/// One process in a conversation with a coordinator.
public struct TestProcess: Sendable {
  public let coordinator: any LeaseCoordinating
  public let boot: BootID

  public init(coordinator: any LeaseCoordinating, boot: BootID) {
    self.coordinator = coordinator
    self.boot = boot
  }

  /// Registers a new process of a node.
  public static func boot(
    _ node: String, on harness: any CoordinatorHarness, requiresStandby: Bool = false
  ) async throws -> TestProcess {
    let boot = BootID(UUID())
    let process = TestProcess(
      coordinator: try await harness.session(
        node: node,
        identity: SessionIdentity(
          bootID: boot, timeToLiveMilliseconds: 60_000, requiresStandby: requiresStandby)),
      boot: boot)
    guard try await process.coordinator.register().boot == .registered else {
      throw ConformanceFailure(detail: "\(node) could not register")
    }
    return process
  }

  /// A lease and how this process sees it.
  public struct Held: Sendable {
    public var lease: LeaseReference
    public let counter: Counter
    public let block: Block
    public var revision = 0
    public var committedThrough: Int

    public init(lease: LeaseReference, counter: Counter, block: Block, committedThrough: Int) {
      self.lease = lease
      self.counter = counter
      self.block = block
      self.committedThrough = committedThrough
    }

    /// A commit that raises the lease by `count` for one request.
    public func plan(raisingBy count: Int, subject: String = "tester") -> CommitPlan {
      let through = committedThrough + count
      return plan(
        through: through,
        lines: Block(first: committedThrough + 1, last: through).map { [($0, false)] } ?? [],
        subject: subject)
    }

    /// A commit that raises the lease for several requests. With `through` above their numbers the
    /// rest is committed ahead.
    public func plan(through: Int, asked: [Asked], handedOut: Int? = nil) -> CommitPlan {
      CommitPlan(
        counter: counter,
        raises: [
          CommitPlan.Raise(
            lease: lease, revision: revision, expected: committedThrough, through: through,
            handedOut: handedOut ?? committedThrough)
        ],
        lines: asked.map {
          CommitPlan.Line(
            lease: lease.id, block: $0.block, request: $0.request, subject: $0.subject,
            again: $0.again, delivered: $0.delivered)
        },
        keys: asked.compactMap { asked in
          asked.key.map {
            KeyClaim(request: asked.request, owner: KeyOwner(subject: asked.subject, key: $0))
          }
        },
        records: asked.filter { !$0.records.isEmpty }.map {
          RecordClaim(request: $0.request, rows: $0.records)
        })
    }

    public func plan(
      through: Int, lines: [(Block, Bool)], subject: String = "tester", handedOut: Int? = nil
    ) -> CommitPlan {
      CommitPlan(
        counter: counter,
        raises: [
          CommitPlan.Raise(
            lease: lease, revision: revision, expected: committedThrough, through: through,
            handedOut: handedOut ?? committedThrough)
        ],
        lines: lines.map {
          CommitPlan.Line(
            lease: lease.id, block: $0.0, request: RequestID(UUID()), subject: subject, again: $0.1)
        })
    }
  }

  /// One line of the issue log, and the key and the records of its request.
  public struct Asked: Sendable {
    public let request: RequestID
    public let block: Block
    public let subject: String
    public let delivered: Bool
    public let again: Bool
    public let key: IdempotencyKey?
    public let records: [String]

    public init(
      _ block: Block, subject: String = "tester", delivered: Bool = false, again: Bool = false,
      key: IdempotencyKey? = nil, request: RequestID? = nil, records: [String] = []
    ) {
      self.request = request ?? RequestID(UUID())
      self.block = block
      self.subject = subject
      self.delivered = delivered
      self.again = again
      self.key = key
      self.records = records
    }
  }

  public static func names(_ count: Int) -> [AcquirePlan.Name] {
    (0..<count).map { _ in AcquirePlan.Name(id: LeaseID(UUID()), token: Token(UUID())) }
  }

  public func acquire(
    _ kind: CounterKind = .job, needed: Int, wanted: Int, names: [AcquirePlan.Name] = names(8)
  ) async throws -> (reply: AcquireReply, held: [Held]) {
    try await acquire(IssueStream(kind: kind), needed: needed, wanted: wanted, names: names)
  }

  public func acquire(
    _ stream: IssueStream, needed: Int, wanted: Int, names: [AcquirePlan.Name] = names(8)
  ) async throws -> (reply: AcquireReply, held: [Held]) {
    let plan = AcquirePlan(stream: stream, needed: needed, wanted: wanted, leases: names)
    let reply = try await coordinator.acquire(plan)
    let held = reply.grants.compactMap { grant in
      names.first { $0.id == grant.id }.map { name in
        Held(
          lease: LeaseReference(id: grant.id, token: name.token, attempt: 0),
          counter: reply.counter, block: grant.block, committedThrough: grant.block.first - 1)
      }
    }
    return (reply, held)
  }

  /// One lease of `count` numbers.
  public func lease(_ count: Int, _ kind: CounterKind = .job) async throws -> Held {
    try await lease(count, IssueStream(kind: kind))
  }

  /// One lease of `count` numbers of a stream.
  public func lease(_ count: Int, _ stream: IssueStream) async throws -> Held {
    let (reply, held) = try await acquire(stream, needed: count, wanted: count)
    guard held.count == 1 else { throw ConformanceFailure(detail: "\(reply)") }
    return held[0]
  }

  /// What a commit is answered for each lease; no request is refused.
  public func outcomes(of plan: CommitPlan) async throws -> [CommitReply.Outcome] {
    let answer = try await coordinator.commit(plan)
    guard answer.refused.isEmpty else { throw ConformanceFailure(detail: "\(answer)") }
    return answer.leases.map(\.outcome)
  }

  /// Commits the next `count` numbers of a lease; throws unless it was done.
  public func commit(_ count: Int, of held: inout Held) async throws {
    try await commit(held.plan(raisingBy: count), of: &held)
  }

  /// Sends a plan that raises one lease; throws unless it was done.
  public func commit(_ plan: CommitPlan, of held: inout Held) async throws {
    let answer = try await coordinator.commit(plan)
    guard answer.refused.isEmpty, answer.leases.map(\.outcome) == [.committed],
      let raise = plan.raises.first
    else { throw ConformanceFailure(detail: "\(answer)") }
    held.committedThrough = raise.through
    held.revision += 1
  }

  public func release(_ held: Held) async throws -> ReleaseReply {
    let item = ReleaseItem(lease: held.lease, handedOut: held.committedThrough)
    let replies = try await coordinator.release([item])
    guard replies.count == 1 else { throw ConformanceFailure(detail: "\(replies)") }
    return replies[0]
  }
}

public struct ConformanceFailure: Error, CustomStringConvertible {
  public let detail: String

  public init(detail: String) { self.detail = detail }

  public var description: String { detail }
}
