internal import Allocator
internal import FoundationEssentials
internal import LeaseCore
internal import SerialFormat

/// What one line of the journal says: one of these, or a grant with the coordinator's facts.
struct JournalEntry: Codable, Equatable {
  /// The format of the file, in its first line.
  var version: Int?
  /// A process opened the journal.
  var process: ProcessMark?
  var facts: FactsMark?
  var granted: [GrantMark]?
  var progressed: [ThroughMark]?
  var settled: [ThroughMark]?
  /// What a compaction kept.
  var holdings: [HoldingMark]?

  struct ProcessMark: Codable, Equatable {
    let boot: UUID
    /// Which start of the operating system it ran in.
    let system: String
    /// Everything that it wrote is on the disk. Written by a compaction.
    var isWhole: Bool?
  }

  struct FactsMark: Codable, Equatable {
    let system: String
    let timeline: Int
    let position: UInt64
    let generation: Int
    let grantsAreOpen: Bool
  }

  struct GrantMark: Codable, Equatable {
    let lease: UUID
    let boot: UUID
    let kind: String
    let year: Int
    let first: Int
    let last: Int
  }

  struct ThroughMark: Codable, Equatable {
    let lease: UUID
    let through: Int
  }

  struct HoldingMark: Codable, Equatable {
    let grant: GrantMark
    let through: Int
    var isSettled: Bool?
    var isMerged: Bool?
  }
}

extension JournalEntry.FactsMark {
  init(_ facts: CoordinatorFacts) {
    self.init(
      system: facts.systemIdentifier, timeline: facts.timeline, position: facts.position,
      generation: facts.generation, grantsAreOpen: facts.grantsAreOpen)
  }

  var facts: CoordinatorFacts {
    CoordinatorFacts(
      systemIdentifier: system, timeline: timeline, position: position, generation: generation,
      grantsAreOpen: grantsAreOpen)
  }
}

extension JournalEntry.GrantMark {
  init(_ grant: Grant) {
    self.init(
      lease: grant.lease.uuid, boot: grant.boot.uuid, kind: grant.counter.kind.rawValue,
      year: grant.counter.year, first: grant.block.first, last: grant.block.last)
  }

  /// Nil when it is no kind or no block.
  var grant: Grant? {
    guard let kind = CounterKind(rawValue: kind), let block = Block(first: first, last: last) else {
      return nil
    }
    return Grant(
      lease: LeaseID(lease), boot: BootID(boot), counter: Counter(kind: kind, year: year),
      block: block)
  }
}

extension JournalEntry.ThroughMark {
  init(_ lease: LeaseID, _ through: Int) { self.init(lease: lease.uuid, through: through) }
}
