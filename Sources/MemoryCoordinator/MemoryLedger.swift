import Allocator
public import Foundation
public import LeaseCore
import SerialFormat

/// The ledger of a coordinator in memory: for tests, for the simulator, and for programs that want
/// the allocator without a server. It gives the same answers as the PostgreSQL coordinator, and
/// loses everything when the process ends.
///
/// Its clock is its own and stands still until it is moved.
public actor MemoryLedger {
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
    var wasReleased = false

    var isLive: Bool { closedThrough == nil }
  }

  struct CounterState {
    var free: [Block]
    var isFrozen = false
  }

  struct LogLine {
    let counter: Counter
    let line: CommitPlan.Line
    let node: String
    let at: Date
  }

  struct Boot {
    let node: String
    let startedAt: Date
    var lastSeenAt: Date
    var timeToLive: TimeInterval
    var isCurrent = true
  }

  var now: Date
  var hasStandby = true
  var regions: [String: String] = [:]
  var boots: [BootID: Boot] = [:]
  var counters: [Counter: CounterState] = [:]
  var leaseRows: [LeaseID: Lease] = [:]
  var issueLog: [LogLine] = []

  /// - Parameter now: where its clock stands.
  public init(now: Date) { self.now = now }

  // MARK: - What an operator does

  public func enroll(node: String, region: String) { regions[node] = region }

  /// Moves the clock, forward or back.
  public func moveClock(bySeconds seconds: TimeInterval) { now += seconds }

  public func setStandby(_ configured: Bool) { hasStandby = configured }

  public func freeze(_ counter: Counter, _ frozen: Bool) {
    openCounter(counter)
    counters[counter]?.isFrozen = frozen
  }

  // MARK: - The free pool

  var runningYear: Int {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .gmt
    return calendar.component(.year, from: now)
  }

  func openCounter(_ counter: Counter) {
    guard counters[counter] == nil, let all = Block(first: 1, count: Capacity.counter) else {
      return
    }
    counters[counter] = CounterState(free: [all])
  }

  func freeCount(_ counter: Counter) -> Int {
    counters[counter]?.free.reduce(0) { $0 + $1.count } ?? 0
  }

  /// Joins what is given back with its neighbours.
  func giveBack(_ block: Block?, to counter: Counter) {
    guard let block, var state = counters[counter] else { return }
    precondition(!state.free.contains { $0.overlaps(block) }, "\(block) was free already")
    var joined = block
    state.free.removeAll { neighbour in
      guard let both = joined.joined(neighbour) else { return false }
      joined = both
      return true
    }
    state.free = (state.free + [joined]).sorted()
    counters[counter] = state
  }

  /// The lowest numbers that are free, in at most `pieces` blocks.
  func takeLowest(_ count: Int, of counter: Counter, pieces: Int) -> [Block] {
    guard var state = counters[counter] else { return [] }
    var taken: [Block] = []
    var missing = count
    while missing > 0, taken.count < pieces, let lowest = state.free.first,
      let split = lowest.split(taking: missing)
    {
      state.free.removeFirst()
      if let rest = split.rest { state.free.insert(rest, at: 0) }
      taken.append(split.taken)
      missing -= split.taken.count
    }
    counters[counter] = state
    return taken
  }

  // MARK: - Leases

  func close(_ id: LeaseID, through: Int, released: Bool) {
    guard var lease = leaseRows[id], lease.isLive else { preconditionFailure("\(id) is not live") }
    lease.closedThrough = through
    lease.wasReleased = released
    leaseRows[id] = lease
    giveBack(lease.block.above(through), to: lease.counter)
  }

  func reap(_ counter: Counter?) -> Int {
    var count = 0
    for lease in leaseRows.values where lease.isLive && (counter == nil || lease.counter == counter)
    {
      if lease.expiresAt <= now {
        close(lease.id, through: lease.committedThrough, released: false)
        count += 1
      } else if let boot = boots[lease.bootID] {
        // The clock stepped back: no lease outlives its time to live from now on.
        leaseRows[lease.id]?.expiresAt = min(lease.expiresAt, now + boot.timeToLive)
      }
    }
    return count
  }

  /// What stays issued of a lease that is released: no number comes back that has a line in the log.
  func issuedThrough(_ lease: Lease, handedOut: Int) -> Int {
    issueLog.filter { $0.line.lease == lease.id }.map(\.line.block.last).reduce(handedOut, max)
  }
}

extension MemoryLedger {
  /// Lets every live lease of a node expire now.
  public func expireLeases(of node: String) {
    for lease in leaseRows.values where lease.node == node && lease.isLive {
      leaseRows[lease.id]?.expiresAt = now
    }
  }
}

extension MemoryLedger {
  /// Closes the expired leases of every counter; returns how many.
  public func reapAll() -> Int { reap(nil) }
}
