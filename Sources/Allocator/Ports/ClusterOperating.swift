public import LeaseCore

/// What an administrator may do to the cluster. Each is written into the events with who did it.
public protocol ClusterOperating: Sendable {
  /// Strikes numbers out: free ones, or issued ones that no record carries. All or nothing.
  func void(_ block: Block, of counter: Counter, reason: String, by subject: String)
    async throws(CoordinatorError) -> VoidOutcome
  /// Makes void numbers free again. All or nothing.
  func unvoid(_ block: Block, of counter: Counter, reason: String, by subject: String)
    async throws(CoordinatorError) -> VoidOutcome
  /// Stops or resumes issuing of a counter, on every node.
  func freeze(_ counter: Counter, _ frozen: Bool, reason: String, by subject: String)
    async throws(CoordinatorError)
  /// Keeps so many numbers, 0...99,999, at the end of a counter for administrators.
  func setReserve(_ numbers: Int, of counter: Counter, by subject: String)
    async throws(CoordinatorError)
  /// Limits what a subject may use up; both nil removes the quota.
  func setQuota(of subject: String, perMinute: Int?, perYear: Int?, by administrator: String)
    async throws(CoordinatorError)
  /// Tells the node's running process to give everything back and to issue no more.
  func drain(node: String, by subject: String) async throws(CoordinatorError) -> NodeOutcome
  /// Ends a node for good: its leases are closed, its calls refused, its report not waited for.
  func retire(node: String, reason: String, by subject: String)
    async throws(CoordinatorError) -> NodeOutcome
  /// Opens grants without waiting for the nodes that have not reported. Returns those.
  func recover(reason: String, by subject: String) async throws(CoordinatorError) -> [String]
  /// Changes how long grants wait for reports after a start, 0...3,600,000 milliseconds, and whether
  /// every failover is vouched to be strictly synchronous; nil leaves a setting as it is.
  func setRecovery(waitMilliseconds: Int?, failoverIsSynchronous: Bool?, by subject: String)
    async throws(CoordinatorError)
}

public enum VoidOutcome: Sendable, Equatable {
  /// So many numbers changed; 0 when they already were as wanted.
  case done(Int)
  /// This number has a record, which carries it for ever.
  case recorded(Int)
  /// This number is in a lease, which was recalled: to be asked again soon.
  case leased(Int, node: String)
  /// This number is not void, so it cannot be made free.
  case notVoid(Int)
}

public enum NodeOutcome: String, Sendable, CaseIterable {
  case done
  case already
  case unknownNode = "unknown-node"
  /// It has no running process.
  case notRunning = "not-running"
}
