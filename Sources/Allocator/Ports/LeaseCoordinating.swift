public import LeaseCore

/// The coordinator, as one process of one node sees it: every call carries the boot that the session
/// was made with. One conformance suite holds all implementations to the same answers.
///
/// A call that throws `outcomeUnknown` may have happened and may still happen. Acquire, release,
/// renew and registration can be repeated as they are; a commit is resolved by `readBack`.
public protocol LeaseCoordinating: Sendable {
  /// Registers the process and expires the leases of the node's older one.
  func register() async throws(CoordinatorError) -> BootState
  func acquire(_ plan: AcquirePlan) async throws(CoordinatorError) -> AcquireReply
  func commit(_ plan: CommitPlan) async throws(CoordinatorError) -> [CommitReply]
  /// `attempt` of each reference is the one to fence with: one above that of the lost commit.
  func readBack(_ leases: [LeaseReference]) async throws(CoordinatorError) -> [ReadBackReply]
  /// Renews leases, and tells that the process lives: to be called without leases, too.
  func renew(_ leases: [LeaseReference]) async throws(CoordinatorError) -> RenewAnswer
  func release(_ items: [ReleaseItem]) async throws(CoordinatorError) -> [ReleaseReply]
  /// Closes expired leases of any node; returns how many.
  func reapExpired() async throws(CoordinatorError) -> Int
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

public struct RenewAnswer: Sendable, Equatable {
  public let boot: BootState
  public let leases: [RenewReply]

  public init(boot: BootState, leases: [RenewReply]) {
    self.boot = boot
    self.leases = leases
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
