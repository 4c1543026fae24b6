import Allocator
import Foundation
import GrantJournal
import LeaseCore
import SerialFormat
import Testing

/// What is remembered after the process, or the machine, ended at any moment.
@Suite(.timeLimit(.minutes(1)))
struct CrashTests {
  /// A journal of six lines, and what is remembered after each of them.
  private func written() async throws -> (bytes: [UInt8], memories: [JournalMemory]) {
    let world = try JournalWorld()
    let boot = BootID(UUID())
    let journal = try await world.open(boot: boot)
    let first = try JournalWorld.grant(1, 100, boot: boot)
    let second = try JournalWorld.grant(101, 200, boot: boot)
    var memories = [try await journal.memory()]
    try await journal.granted([first], by: JournalWorld.facts)
    memories.append(try await journal.memory())
    try await journal.progressed([first.lease: 40], facts: nil)
    memories.append(try await journal.memory())
    try await journal.granted([second], by: JournalWorld.facts)
    memories.append(try await journal.memory())
    try await journal.settled(first.lease, through: 60)
    memories.append(try await journal.memory())
    await journal.close()
    return (try world.bytes(), memories)
  }

  @Test func anyBeginningOfTheFileOpensWithAllOfItsWholeLines() async throws {
    let (bytes, memories) = try await written()
    let ends = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
    #expect(ends.count == memories.count + 1, "the first two lines are the header and the process")
    for length in 0...bytes.count {
      let world = try JournalWorld(isInMemory: true)
      try world.write(Array(bytes[..<length]))
      // a file is never there without its first line
      guard length >= ends[0] else {
        let said = try await failure { () throws(JournalError) in _ = try await world.open() }
        #expect(said.contains("has no first line"), "after \(length) of \(bytes.count) bytes")
        continue
      }
      // a line that lacks only its line feed is whole
      let whole = ends.filter { $0 <= length }.count
      let journal = try await world.open()
      let memory = try await journal.memory()
      let expected = whole >= 2 ? memories[whole - 2] : memories[0]
      #expect(memory == expected, "after \(length) of \(bytes.count) bytes")
      try await journal.progressed([:], facts: JournalWorld.facts)
      await journal.close()
      let again = try await world.open()
      #expect(try await again.memory().holdings == expected.holdings)
    }
  }

  @Test func aDamagedByteIsFoundWithItsLine() async throws {
    let (bytes, _) = try await written()
    let last = try #require(bytes.dropLast().lastIndex(of: UInt8(ascii: "\n")))
    for index in bytes.indices.dropLast() {
      let world = try JournalWorld(isInMemory: true)
      var damaged = bytes
      damaged[index] ^= 0x04
      try world.write(damaged)
      let line = bytes[..<index].filter { $0 == UInt8(ascii: "\n") }.count + 1
      let said = try await failure { () throws(JournalError) in _ = try await world.open() }
      #expect(
        said.hasPrefix("Line \(line) of the journal \(world.path) is damaged"),
        "byte \(index), \(index > last ? "in the last line" : "in the middle"): \(said)")
      #expect(try world.bytes() == damaged, "it is left as it is")
    }
  }

  @Test func zerosThatAMachineWithoutPowerLeavesAtTheEndAreCutOff() async throws {
    let (bytes, memories) = try await written()
    let world = try JournalWorld()
    try world.write(bytes + [UInt8](repeating: 0, count: 4_096))
    let journal = try await world.open()
    #expect(try await journal.memory() == memories.last)
    #expect(try world.bytes().contains(0) == false)
  }

  @Test func whatAProcessWroteIsExactUnlessTheMachineEndedWithIt() async throws {
    let world = try JournalWorld()
    let boots = (0..<4).map { _ in BootID(UUID()) }
    func exact(_ boot: BootID, _ systemBoot: String, grant: Grant?) async throws -> [Bool] {
      let journal = try await world.open(boot: boot, systemBoot: systemBoot)
      if let grant { try await journal.granted([grant], by: JournalWorld.facts) }
      let result = try await journal.memory().holdings.map(\.isExact)
      await journal.close()
      return result
    }
    let grants = try boots.enumerated().map {
      try JournalWorld.grant($0.offset * 10 + 1, $0.offset * 10 + 10, boot: $0.element)
    }
    // its own, as long as it lives
    #expect(try await exact(boots[0], "one", grant: grants[0]) == [true])
    // the process died, the machine did not
    #expect(try await exact(boots[1], "one", grant: grants[1]) == [true, true])
    // the machine died: what the first wrote was flushed by the second before
    #expect(try await exact(boots[2], "two", grant: grants[2]) == [true, false, true])
    #expect(try await exact(boots[3], "three", grant: nil) == [true, false, false])
    let journal = try await world.open(systemBoot: "three", compactionBytes: 1)
    try await journal.settled(grants[1].lease, through: 15)
    try await journal.progressed([:], facts: JournalWorld.facts)
    let holdings = try await journal.memory().holdings
    #expect(holdings.first { $0.lease == grants[1].lease }?.isExact == true, "it was settled")
    #expect(holdings.first { $0.lease == grants[2].lease }?.isExact == false)
  }
}
