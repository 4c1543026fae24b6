public import LeaseCore

/// The coordinator, as one process of one node sees it: every call carries the boot that the session
/// was made with. One conformance suite holds all implementations to the same answers.
///
/// A call that throws `outcomeUnknown` may have happened and may still happen. All but a commit can be
/// repeated as they are; a commit is resolved by `readBack`.
public protocol LeaseCoordinating: Sendable {
  /// Registers the process and expires the leases of the node's older one.
  func register() async throws(CoordinatorError) -> RegisterAnswer
  /// Says what the node holds and has issued, so that a coordinator that forgot some of it grants
  /// none of it again (design section 5).
  func report(_ report: HoldingsReport) async throws(CoordinatorError) -> ReportAnswer
  func acquire(_ plan: AcquirePlan) async throws(CoordinatorError) -> AcquireReply
  /// Sends nothing, and throws `notDone`, when `isInTime` says no once there is a connection to send it
  /// over: how long it waited for one is not known before. It is sent over no other connection.
  func commit(_ plan: CommitPlan, while isInTime: @escaping @Sendable () -> Bool)
    async throws(CoordinatorError) -> CommitAnswer
  /// `attempt` of each reference is the one to fence with: one above that of the lost commit.
  func readBack(_ leases: [LeaseReference]) async throws(CoordinatorError) -> [ReadBackReply]
  /// Renews leases, and tells that the process lives: to be called without leases, too.
  func renew(_ leases: [LeaseReference]) async throws(CoordinatorError) -> RenewAnswer
  func release(_ items: [ReleaseItem]) async throws(CoordinatorError) -> [ReleaseReply]
  /// Closes expired leases of any node; returns how many.
  func reapExpired() async throws(CoordinatorError) -> Int
  /// What became of idempotency keys, in the order asked; durable when it is answered.
  func resolve(_ keys: [KeyOwner]) async throws(CoordinatorError) -> [KeyAnswer]
  /// Removes idempotency keys whose time is over, at most 1,000; returns how many.
  func sweepKeys() async throws(CoordinatorError) -> Int
  /// Tells the other nodes to look at their leases now. Only a hint: nothing depends on it.
  func hint() async throws(CoordinatorError)
}

extension LeaseCoordinating {
  /// Commits, however late.
  public func commit(_ plan: CommitPlan) async throws(CoordinatorError) -> CommitAnswer {
    try await commit(plan) { true }
  }
}

/// What the coordinator knows of a boot.
public enum BootState: String, Sendable, CaseIterable {
  /// It speaks for its node.
  case registered
  /// A later process of the same node registered.
  case superseded
  /// It never registered, or the coordinator forgot it.
  case unknownBoot = "unknown-boot"
}

public struct RegisterAnswer: Sendable, Equatable {
  public let boot: BootState
  public let facts: CoordinatorFacts

  public init(boot: BootState, facts: CoordinatorFacts) {
    self.boot = boot
    self.facts = facts
  }
}

public struct RenewAnswer: Sendable, Equatable {
  public let boot: BootState
  public let leases: [RenewReply]
  public let facts: CoordinatorFacts
  /// An operator told this process to give everything back (`serialctl drain`).
  public let drainRequested: Bool

  public init(
    boot: BootState, leases: [RenewReply], facts: CoordinatorFacts, drainRequested: Bool = false
  ) {
    self.boot = boot
    self.leases = leases
    self.facts = facts
    self.drainRequested = drainRequested
  }
}

/// What a process says of itself in every call.
public struct SessionIdentity: Sendable, Equatable {
  public let bootID: BootID
  /// Time to live of its leases, in milliseconds, 100...3,600,000.
  public let timeToLiveMilliseconds: Int
  /// Refuse to issue unless a synchronous standby is configured.
  public let requiresStandby: Bool

  public init(bootID: BootID, timeToLiveMilliseconds: Int, requiresStandby: Bool) {
    self.bootID = bootID
    self.timeToLiveMilliseconds = timeToLiveMilliseconds
    self.requiresStandby = requiresStandby
  }
}
