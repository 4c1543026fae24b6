public import Allocator
import Foundation
public import LeaseCore
import SerialFormat

extension MemoryLedger: ClusterReading {
  public func ledger() throws(CoordinatorError) -> [LedgerEntry] {
    for kind in CounterKind.allCases { openCounter(Counter(kind: kind, year: runningYear)) }
    return counters.keys.sorted().map { counter in
      let own = leaseRows.values.filter { $0.counter == counter }
      let issued = own.reduce(0) { $0 + $1.issuedThrough - $1.block.first + 1 }
      let leased = own.filter(\.isLive).reduce(0) { $0 + $1.block.last - $1.committedThrough }
      let void = counters[counter]?.void ?? [:]
      return LedgerEntry(
        counter: counter, capacity: Capacity.counter,
        issued: issued - void.values.filter { !$0.wasFree }.count, leased: leased,
        free: freeCount(counter), void: void.count, reserve: counters[counter]?.reserve ?? 0,
        frozen: counters[counter]?.isFrozen ?? false)
    }
  }

  public func nodes() throws(CoordinatorError) -> [NodeEntry] {
    nodeRows.sorted { $0.key < $1.key }.map { node, row in
      let id = currentBoot(of: node)
      let boot = id.flatMap { boots[$0] }
      let own = leaseRows.values.filter { $0.node == node && $0.isLive }
      return NodeEntry(
        node: node, region: row.region, state: row.isRetired ? "retired" : "active",
        live: boot.map { $0.lastSeenAt + $0.timeToLive > now } ?? false, bootID: id,
        startedAt: boot?.startedAt, lastSeenAt: boot?.lastSeenAt, leases: own.count,
        leasedNumbers: own.reduce(0) { $0 + $1.block.last - $1.committedThrough })
    }
  }

  public func leases() throws(CoordinatorError) -> [LeaseEntry] {
    leaseRows.values.filter(\.isLive).map {
      LeaseEntry(
        id: $0.id, node: $0.node, counter: $0.counter, block: $0.block,
        committedThrough: $0.committedThrough, atRisk: $0.committedThrough - $0.handedOutThrough,
        grantedAt: $0.grantedAt, expiresAt: $0.expiresAt, recalledAt: $0.recalledAt)
    }.sorted { ($0.counter, $0.block) < ($1.counter, $1.block) }
  }

  public func number(_ number: Int, of counter: Counter) throws(CoordinatorError) -> NumberEntry {
    let line = issueLog.last { $0.counter == counter && $0.line.block.contains(number) }
    let holder = leaseRows.values.first {
      $0.counter == counter && $0.occupied?.contains(number) == true
    }
    let state: NumberEntry.State
    if isVoid(number, of: counter) {
      state = .void
    } else if let holder {
      state = number <= holder.issuedThrough ? .issued : .leased
    } else {
      return NumberEntry(state: .free)
    }
    guard state != .leased else { return NumberEntry(state: .leased, node: holder?.node) }
    return NumberEntry(
      state: state, node: line?.node ?? holder?.node, subject: line?.line.subject,
      requestID: line?.line.request, issuedAt: line?.at)
  }

  public func events(_ query: EventQuery) throws(CoordinatorError) -> [EventEntry] {
    Array(
      eventRows.lazy.filter {
        $0.cursor > query.after && (query.event == nil || $0.event == query.event)
          && (query.node == nil || $0.node == query.node)
      }.prefix(query.limit))
  }

  public func history() throws(CoordinatorError) -> [DailyIssues] {
    var days: [Counter: [Int: Int]] = [:]
    let today = Self.calendar.startOfDay(for: now)
    for line in issueLog where !line.line.again {
      let day = Self.calendar.startOfDay(for: line.at)
      let daysAgo = Int((today.timeIntervalSince(day) / 86_400).rounded())
      guard (0...Forecast.days).contains(daysAgo) else { continue }
      days[line.counter, default: [:]][daysAgo, default: 0] += line.line.block.count
    }
    return days.sorted { $0.key < $1.key }.flatMap { counter, numbers in
      numbers.sorted { $0.key < $1.key }.map {
        DailyIssues(counter: counter, daysAgo: $0.key, numbers: $0.value)
      }
    }
  }

  public func quotas() throws(CoordinatorError) -> [QuotaEntry] {
    quotaRows.sorted { $0.key < $1.key }.map { subject, quota in
      let used = usage(of: subject)
      return QuotaEntry(
        subject: subject, perMinute: quota.perMinute, perYear: quota.perYear,
        usedThisMinute: used.minute, usedThisYear: used.year)
    }
  }

  public func grants() throws(CoordinatorError) -> GrantState {
    GrantState(
      generation: facts.generation, grantsAreOpen: facts.grantsAreOpen, reason: nil, closedAt: nil,
      opensAt: nil, waitingFor: [], waitMilliseconds: recoverySetting.waitMilliseconds,
      failoverIsSynchronous: recoverySetting.failoverIsSynchronous)
  }

  public func connectionFacts() -> ConnectionFacts? { nil }
}
