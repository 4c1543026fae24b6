import Foundation
import LeaseCore

/// What the ledger in memory is made of: the rows of the coordinator's tables.
extension MemoryLedger {
  struct Node {
    let region: String
    var isRetired = false
  }

  struct Boot {
    let node: String
    let startedAt: Date
    var lastSeenAt: Date
    var timeToLive: TimeInterval
    var isCurrent = true
    var drainRequested = false
  }

  struct CounterState {
    var free: [Block]
    var isFrozen = false
    /// Kept at the end for administrators.
    var reserve = 0
    /// Numbers that are struck out.
    var void: [Int: VoidMark] = [:]
  }

  struct VoidMark {
    /// Else it was issued in a lease that is closed.
    let wasFree: Bool
    let reason: String
    let at: Date
  }

  struct Lease {
    let id: LeaseID
    let node: String
    let bootID: BootID
    let token: Token
    let counter: Counter
    let block: Block
    let named: Bool
    let grantedAt: Date
    var committedThrough: Int
    var handedOutThrough: Int
    var revision = 0
    var attempt = 0
    var expiresAt: Date
    var recalledAt: Date?
    /// Nil while the lease is live; then what stays issued of it.
    var closedThrough: Int?
    var closedAt: Date?
    var wasReleased = false

    var isLive: Bool { closedThrough == nil }
    /// The highest number that is issued of it; below its first when none is.
    var issuedThrough: Int { closedThrough ?? committedThrough }
    /// Everything of it that is not free.
    var occupied: Block? { Block(first: block.first, last: closedThrough ?? block.last) }
  }

  struct LogLine {
    let counter: Counter
    let line: CommitPlan.Line
    let node: String
    let at: Date
  }

  /// Whose key it is, without what it was used for.
  struct KeyName: Hashable {
    let subject: String
    let route: String
    let key: String

    init(_ owner: KeyOwner) {
      subject = owner.subject
      route = owner.key.route
      key = owner.key.key
    }
  }

  struct KeyRow {
    let requestHash: String
    let request: RequestID
    let counter: Counter
    let blocks: [Block]
    let leases: Set<LeaseID>
    var takenAt: Date
  }

  struct Quota {
    let perMinute: Int?
    let perYear: Int?
  }

  struct RecoverySetting {
    var waitMilliseconds = 30_000
    var failoverIsSynchronous = false
  }
}
