public import Allocator
import Foundation
public import LeaseCore
import SerialFormat

extension MemoryLedger: ClusterReading {
  public func ledger() throws(CoordinatorError) -> [LedgerEntry] {
    for kind in CounterKind.allCases { openCounter(Counter(kind: kind, year: runningYear)) }
    return counters.keys.sorted().map { counter in
      let own = leaseRows.values.filter { $0.counter == counter }
      let issued = own.reduce(0) {
        $0 + ($1.closedThrough ?? $1.committedThrough) - $1.block.first + 1
      }
      let leased = own.filter(\.isLive).reduce(0) { $0 + $1.block.last - $1.committedThrough }
      return LedgerEntry(
        counter: counter, capacity: Capacity.counter, issued: issued, leased: leased,
        free: freeCount(counter), void: 0, reserve: 0,
        frozen: counters[counter]?.isFrozen ?? false)
    }
  }

  public func nodes() throws(CoordinatorError) -> [NodeEntry] {
    regions.keys.sorted().map { node in
      let boot = boots.first { $0.value.node == node && $0.value.isCurrent }
      let own = leaseRows.values.filter { $0.node == node && $0.isLive }
      return NodeEntry(
        node: node, region: regions[node] ?? "", state: "active",
        live: boot.map { $0.value.lastSeenAt + $0.value.timeToLive > now } ?? false,
        bootID: boot?.key, startedAt: boot?.value.startedAt, lastSeenAt: boot?.value.lastSeenAt,
        leases: own.count,
        leasedNumbers: own.reduce(0) { $0 + $1.block.last - $1.committedThrough })
    }
  }

  public func leases() throws(CoordinatorError) -> [LeaseEntry] {
    leaseRows.values.filter(\.isLive).map {
      LeaseEntry(
        id: $0.id, node: $0.node, counter: $0.counter, block: $0.block,
        committedThrough: $0.committedThrough, grantedAt: $0.grantedAt, expiresAt: $0.expiresAt,
        recalledAt: $0.recalledAt)
    }.sorted { ($0.counter, $0.block) < ($1.counter, $1.block) }
  }

  public func number(_ number: Int, of counter: Counter) throws(CoordinatorError) -> NumberEntry {
    let holder = leaseRows.values.first {
      $0.counter == counter && $0.block.first <= number
        && number <= ($0.closedThrough ?? $0.block.last)
    }
    guard let holder else { return NumberEntry(state: .free) }
    guard number <= holder.committedThrough else {
      return NumberEntry(state: .leased, node: holder.node)
    }
    let line = issueLog.last { $0.counter == counter && $0.line.block.contains(number) }
    return NumberEntry(
      state: .issued, node: line?.node ?? holder.node, subject: line?.line.subject,
      requestID: line?.line.request, issuedAt: line?.at)
  }

  public func connectionFacts() -> ConnectionFacts? { nil }
}
