internal import Allocator
internal import LeaseCore
internal import SerialFormat

/// What the lines of a journal say together. Pure.
struct JournalState: Equatable {
  static let version = 1

  struct Entry: Equatable {
    let grant: Grant
    var issuedThrough: Int
    /// The lease is closed, and the coordinator said what stays issued of it.
    var isSettled = false
    /// Stands for several leases; what is said of one of them later is known already.
    var isMerged = false
    /// It was settled before the latest compaction.
    var isOld = false

    var issued: Block? { Block(first: grant.block.first, last: issuedThrough) }
  }

  struct Process: Equatable {
    let system: String
    /// Everything that it wrote is known to be on the disk.
    var isWhole: Bool
  }

  private(set) var facts: CoordinatorFacts?
  private(set) var processes: [BootID: Process] = [:]
  private(set) var entries: [LeaseID: Entry] = [:]
  private var order: [LeaseID] = []
  private var processOrder: [BootID] = []
  /// The process that has the journal open.
  private(set) var current: BootID?

  /// Takes over what a line says. False when it makes no sense.
  mutating func apply(_ entry: JournalEntry) -> Bool {
    if let version = entry.version, version != Self.version { return false }
    if let mark = entry.process { began(mark) }
    if let mark = entry.facts { facts = mark.facts }
    for mark in entry.granted ?? [] {
      guard let grant = mark.grant else { return false }
      add(Entry(grant: grant, issuedThrough: grant.block.first - 1))
    }
    for mark in entry.holdings ?? [] {
      guard let grant = mark.grant.grant else { return false }
      add(
        Entry(
          grant: grant, issuedThrough: mark.through, isSettled: mark.isSettled ?? false,
          isMerged: mark.isMerged ?? false, isOld: true))
    }
    for mark in entry.progressed ?? [] { progressed(LeaseID(mark.lease), through: mark.through) }
    for mark in entry.settled ?? [] { settled(LeaseID(mark.lease), through: mark.through) }
    return true
  }

  func knows(_ lease: LeaseID) -> Bool { entries[lease] != nil }

  var holdings: [Holding] {
    order.compactMap { entries[$0] }.filter { !($0.isSettled && $0.issued == nil) }.map { entry in
      Holding(
        lease: entry.grant.lease, boot: entry.grant.boot, counter: entry.grant.counter,
        block: entry.grant.block, issuedThrough: entry.issuedThrough, isExact: isExact(entry),
        isSettled: entry.isSettled)
    }
  }

  /// A process knows what it issued itself. Of an earlier one everything is known that it had
  /// written when it ended, unless the machine ended with it.
  private func isExact(_ entry: Entry) -> Bool {
    entry.isSettled || entry.grant.boot == current || processes[entry.grant.boot]?.isWhole == true
  }

  /// Whoever opens a journal flushes it first: what an earlier process of the same start of the
  /// system wrote is on the disk from then on.
  private mutating func began(_ mark: JournalEntry.ProcessMark) {
    for (boot, process) in processes where process.system == mark.system {
      processes[boot]?.isWhole = true
    }
    current = BootID(mark.boot)
    if processes.updateValue(
      Process(system: mark.system, isWhole: mark.isWhole ?? false), forKey: BootID(mark.boot))
      == nil
    {
      processOrder.append(BootID(mark.boot))
    }
  }

  private mutating func add(_ entry: Entry) {
    guard entries[entry.grant.lease] == nil else { return }
    entries[entry.grant.lease] = entry
    order.append(entry.grant.lease)
  }

  private mutating func progressed(_ lease: LeaseID, through: Int) {
    guard let entry = entries[lease], !entry.isSettled else { return }
    let bounded = min(through, entry.grant.block.last)
    entries[lease]?.issuedThrough = max(entry.issuedThrough, bounded)
  }

  private mutating func settled(_ lease: LeaseID, through: Int) {
    guard let entry = entries[lease], !entry.isMerged else { return }
    let block = entry.grant.block
    let bounded = min(max(through, block.first - 1), block.last)
    entries[lease]?.isSettled = true
    // The answers to a release and to a report may come in either order; what was released came back.
    entries[lease]?.issuedThrough =
      entry.isSettled ? min(entry.issuedThrough, bounded) : bounded
  }
}

// MARK: - Compaction

extension JournalState {
  /// The same memory in fewer lines: what earlier leases issued is joined where it touches; what
  /// issued nothing is left out. Old years stay: an administrator may name any.
  func compacted() -> JournalState {
    var result = JournalState()
    result.facts = facts
    var joinable: [Entry] = []
    for entry in order.compactMap({ entries[$0] }) {
      let isOver = entry.isSettled || (entry.grant.boot != current && isExact(entry))
      if isOver && entry.issued == nil { continue }
      // What was settled just now may be said again, by an answer that is under way.
      if entry.isSettled, entry.isOld || entry.grant.boot != current {
        joinable.append(entry)
      } else {
        var kept = entry
        kept.isOld = entry.isSettled
        result.add(kept)
      }
    }
    for entry in Self.joined(joinable) { result.add(entry) }
    let needed = Set(result.entries.values.filter { !$0.isSettled }.map(\.grant.boot))
    for boot in processOrder where needed.contains(boot) || boot == current {
      result.processes[boot] = processes[boot]
      result.processOrder.append(boot)
    }
    result.current = current
    return result
  }

  private static func joined(_ entries: [Entry]) -> [Entry] {
    let sorted = entries.sorted {
      ($0.grant.counter, $0.grant.block) < ($1.grant.counter, $1.grant.block)
    }
    var result: [Entry] = []
    for entry in sorted {
      guard let issued = entry.issued else { continue }
      guard let last = result.last, last.grant.counter == entry.grant.counter,
        issued.first <= last.issuedThrough + 1,
        let both = Block(
          first: last.grant.block.first, last: max(last.issuedThrough, issued.last))
      else {
        result.append(entry)
        continue
      }
      let grant = Grant(
        lease: last.grant.lease, boot: last.grant.boot, counter: last.grant.counter, block: both)
      result[result.count - 1] = Entry(
        grant: grant, issuedThrough: both.last, isSettled: true, isMerged: true, isOld: true)
    }
    return result
  }

  /// The lines that say all of it.
  var lines: [JournalEntry] {
    var lines = [JournalEntry(version: Self.version, facts: facts.map(JournalEntry.FactsMark.init))]
    for boot in processOrder {
      guard let process = processes[boot] else { continue }
      lines.append(
        JournalEntry(
          process: .init(
            boot: boot.uuid, system: process.system, isWhole: process.isWhole ? true : nil)))
    }
    for lease in order {
      guard let entry = entries[lease] else { continue }
      lines.append(
        JournalEntry(holdings: [
          .init(
            grant: .init(entry.grant), through: entry.issuedThrough,
            isSettled: entry.isSettled ? true : nil, isMerged: entry.isMerged ? true : nil)
        ]))
    }
    return lines
  }
}
