import Allocator
import Foundation
import GrantJournal
import LeaseCore
import SerialFormat
import Testing

/// What the file holds, who may have it, and what it costs.
@Suite(.timeLimit(.minutes(1)))
struct FileJournalTests {
  @Test func aNewNodeRemembersNothing() async throws {
    let world = try JournalWorld()
    let journal = try await world.open()
    #expect(try await journal.memory() == JournalMemory(facts: nil, holdings: []))
    let attributes = try FileManager.default.attributesOfItem(atPath: world.path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test func grantsProgressAndEndsAreRemembered() async throws {
    let world = try JournalWorld()
    let boot = BootID(UUID())
    let journal = try await world.open(boot: boot)
    let grant = try JournalWorld.grant(1, 100, boot: boot)
    try await journal.granted([grant], by: JournalWorld.facts)
    try await journal.progressed([grant.lease: 70], facts: nil)
    try await journal.progressed([grant.lease: 50, LeaseID(UUID()): 9], facts: nil)
    #expect(try await journal.memory().holdings.map(\.issuedThrough) == [70], "never lower")
    try await journal.granted([grant], by: JournalWorld.facts)
    #expect(try await journal.memory().holdings.count == 1, "asked again it is the same grant")
    try await journal.settled(grant.lease, through: 60)
    #expect(try await journal.memory().holdings.map(\.issuedThrough) == [60])
    // the answer to an earlier report comes after the one to the release
    try await journal.settled(grant.lease, through: 75)
    #expect(try await journal.memory().holdings.map(\.issuedThrough) == [60])
    try await journal.progressed([grant.lease: 80], facts: nil)
    #expect(try await journal.memory().holdings.map(\.issuedThrough) == [60], "it is closed")
    var facts = JournalWorld.facts
    facts = CoordinatorFacts(
      systemIdentifier: facts.systemIdentifier, timeline: 2, position: .max, generation: 7,
      grantsAreOpen: false)
    try await journal.progressed([:], facts: facts)
    let memory = try await journal.memory()
    #expect(memory.facts == facts)
    await journal.close()
    #expect(try await world.open().memory() == memory)
  }

  @Test func twoProcessesCannotShareADirectory() async throws {
    let world = try JournalWorld()
    let journal = try await world.open()
    let said = try await failure { () throws(JournalError) in _ = try await world.open() }
    #expect(said.contains(world.directory))
    #expect(said.contains("process \(ProcessInfo.processInfo.processIdentifier)"))
    // another program is kept out as well, for as long as it is open
    func lock() throws -> Int32 {
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/flock")
      process.arguments = ["--nonblock", "\(world.directory)/lock", "true"]
      try process.run()
      process.waitUntilExit()
      return process.terminationStatus
    }
    #expect(try lock() == 1)
    await journal.close()
    #expect(try lock() == 0)
    _ = try await world.open()
    #expect(try await failure { () throws(JournalError) in try await journal.flush() } != "")
  }

  @Test func aCompactionKeepsWhatIsNeeded() async throws {
    let world = try JournalWorld()
    let boot = BootID(UUID())
    let journal = try await world.open(boot: boot)
    let target = Counter(kind: .target, year: 2026)
    let old = Counter(kind: .job, year: 2024)
    let last = Counter(kind: .job, year: 2025)
    // three that touch, one with a hole before it, one without anything, other counters
    let closed = try [(1, 10, 10), (11, 20, 20), (21, 30, 25), (31, 40, 40), (41, 50, 40)].map {
      (try JournalWorld.grant($0.0, $0.1, boot: boot), $0.2)
    }
    let others = try [target, old, last].map { try JournalWorld.grant(1, 5, boot: boot, of: $0) }
    let open = try JournalWorld.grant(51, 60, boot: boot)
    try await journal.granted(
      closed.map(\.0) + others + [open], by: JournalWorld.facts)
    for (grant, through) in closed { try await journal.settled(grant.lease, through: through) }
    for grant in others { try await journal.settled(grant.lease, through: 3) }
    try await journal.progressed([open.lease: 55], facts: nil)
    await journal.close()

    let later = try await world.open(compactionBytes: 1)
    try await later.progressed([:], facts: JournalWorld.facts)
    let memory = try await later.memory()
    func ranges(_ counter: Counter) -> [ClosedRange<Int>] {
      memory.holdings.filter { $0.counter == counter }
        .map { $0.block.first...$0.issuedThrough }.sorted { $0.lowerBound < $1.lowerBound }
    }
    #expect(ranges(JournalWorld.counter) == [1...25, 31...40, 51...55])
    #expect(ranges(target) == [1...3])
    #expect(ranges(last) == [1...3])
    #expect(ranges(old) == [1...3], "an administrator may name any year")
    #expect(memory.holdings.filter(\.isExact).count == memory.holdings.count)
    #expect(memory.facts == JournalWorld.facts)
    #expect(
      memory.holdings.first { $0.lease == open.lease }?.block == open.block, "it is not closed")
    // what is said of a part of a joined one changes nothing
    let joined = try #require(memory.holdings.first { $0.issuedThrough == 25 }).lease
    try await later.settled(joined, through: 10)
    #expect(try await later.memory() == memory)
    await later.close()
    #expect(try await world.open().memory() == memory)
  }

  @Test func theFileDoesNotGrowForEver() async throws {
    let world = try JournalWorld(isInMemory: true)
    let boot = BootID(UUID())
    let journal = try await world.open(boot: boot, compactionBytes: 8_192)
    for first in stride(from: 1, to: 20_000, by: 20) {
      let grant = try JournalWorld.grant(first, first + 19, boot: boot)
      try await journal.granted([grant], by: JournalWorld.facts)
      for through in [first + 5, first + 19] {
        try await journal.progressed([grant.lease: through], facts: nil)
      }
      try await journal.settled(grant.lease, through: first + 19)
    }
    #expect(try world.bytes().count < 20_000)
    let holdings = try await journal.memory().holdings
    #expect(holdings.reduce(0) { $0 + $1.issuedThrough - $1.block.first + 1 } == 20_000)
    await journal.close()
    let numbers = try await world.open().memory().holdings
      .reduce(0) { $0 + $1.issuedThrough - $1.block.first + 1 }
    #expect(numbers == 20_000)
  }
}
