import MemoryCoordinator

/// A bug that is planted, to show that the simulator finds it.
package enum PlantedBug: String, Sendable, CaseIterable {
  /// Expiry frees numbers that were committed.
  case expiryFreesCommitted = "expiry-frees-committed"
  /// A release gives numbers back and leaves the lease open.
  case releaseLeavesOpen = "release-leaves-open"
  /// A commit is taken without a look at its token or at the state of the lease.
  case commitUnchecked = "commit-unchecked"
  /// A block that the capacity cuts short is never granted.
  case lastShortBlock = "last-short-block"
  /// A release that is repeated frees the numbers again that were granted meanwhile.
  case lateReleaseFrees = "late-release-frees"
  /// A node takes a statement without an answer for one that was not done.
  case unknownTakenAsFailed = "unknown-taken-as-failed"
  /// A node commits in a lease that has expired by its own clock, for as long as the coordinator lets it.
  case lapsedLeaseCommits = "lapsed-lease-commits"

  /// Nil for a bug of the node.
  var flaw: MemoryLedger.Flaw? { MemoryLedger.Flaw(rawValue: rawValue) }
}
