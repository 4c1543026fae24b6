import Allocator
import Foundation
package import LeaseCore
import SerialFormat

/// What only the simulator asks for, and the bugs that it must be able to find.
extension MemoryLedger {
  /// A planted bug. Each place that has one says `flaw:`.
  package enum Flaw: String, Sendable, CaseIterable {
    case expiryFreesCommitted = "expiry-frees-committed"
    case releaseLeavesOpen = "release-leaves-open"
    case commitUnchecked = "commit-unchecked"
    case lastShortBlock = "last-short-block"
    case lateReleaseFrees = "late-release-frees"
  }

  /// Issues all but the last numbers of a counter at once, in one lease that is closed.
  package func fill(
    _ counter: Counter, leaving left: Int, as name: AcquirePlan.Name, boot: BootID
  ) {
    openCounter(counter)
    guard let block = takeLowest(freeCount(counter) - left, of: counter, pieces: 1).first else {
      return
    }
    var lease = Lease(
      id: name.id, node: "filler", bootID: boot, token: name.token, counter: counter, block: block,
      named: false, grantedAt: now, committedThrough: block.last, handedOutThrough: block.last,
      expiresAt: now)
    lease.closedThrough = block.last
    lease.wasReleased = true
    leaseRows[name.id] = lease
  }

  /// What a coordinator comes back with that is restored from it.
  package struct Snapshot: Sendable {
    fileprivate let now: Date
    fileprivate let boots: [BootID: Boot]
    fileprivate let counters: [LeaseCore.Counter: CounterState]
    fileprivate let leaseRows: [LeaseID: Lease]
    fileprivate let issueLog: [LogLine]
    fileprivate let keyRows: [KeyName: KeyRow]
    fileprivate let recordRows: [LeaseCore.Counter: [Int: String]]
  }

  package func snapshot() -> Snapshot {
    Snapshot(
      now: now, boots: boots, counters: counters, leaseRows: leaseRows, issueLog: issueLog,
      keyRows: keyRows, recordRows: recordRows)
  }

  /// Forgets everything that happened since, for good: nobody is told what the nodes remember, and nothing
  /// is granted any more. Its clock is behind by what has passed since, and more.
  package func goBack(to snapshot: Snapshot, secondsBefore: Double) {
    now = snapshot.now - secondsBefore
    boots = snapshot.boots
    counters = snapshot.counters
    leaseRows = snapshot.leaseRows
    issueLog = snapshot.issueLog
    keyRows = snapshot.keyRows
    recordRows = snapshot.recordRows
    hasGoneBack = true
  }

  package func isAnyFree(of counter: Counter) -> Bool { freeCount(counter) > 0 }

  /// How many numbers of a counter are in some place, counted once for each place: its capacity,
  /// unless some number is in none or in two.
  package func placedCount(of counter: Counter) -> Int {
    var count = freeCount(counter)
    for lease in leaseRows.values where lease.counter == counter {
      count += (lease.closedThrough ?? lease.block.last) - lease.block.first + 1
    }
    return count
  }

  /// The recipient of a number by the issue log; both nil for one that is issued to nobody.
  package struct Recipient: Sendable, Equatable {
    package let subject: String?
    package let request: RequestID?
  }

  /// Every issued number from `first` on, and whose it is.
  package func recipients(of counter: Counter, from first: Int) -> [Int: Recipient] {
    var found: [Int: Recipient] = [:]
    for lease in leaseRows.values
    where lease.counter == counter && lease.issuedThrough >= max(first, lease.block.first) {
      for number in max(first, lease.block.first)...lease.issuedThrough {
        found[number] = Recipient(subject: nil, request: nil)
      }
    }
    for line in issueLog where line.counter == counter {
      for number in line.line.block.numbers where found[number] != nil {
        found[number] = Recipient(subject: line.line.subject, request: line.line.request)
      }
    }
    return found
  }

  /// With a flaw numbers come back that are free already; nothing else could say so.
  func giveBackTwice(_ block: Block, to counter: Counter) {
    let free = Set((counters[counter]?.free ?? []).filter { $0.overlaps(block) }.flatMap(\.numbers))
    let all = free.union(block.numbers)
    counters[counter]?.free.removeAll { $0.overlaps(block) }
    if let first = all.min(), let last = all.max(), let joined = Block(first: first, last: last) {
      counters[counter]?.free += [joined]
      counters[counter]?.free.sort()
    }
  }
}
