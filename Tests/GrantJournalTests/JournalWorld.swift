import Allocator
import Foundation
import Glibc
import GrantJournal
import LeaseCore
import SerialFormat
import Testing

/// A directory of its own, removed at the end, and what is granted in it.
final class JournalWorld: Sendable {
  static let counter = Counter(kind: .job, year: 2026)
  static let facts = CoordinatorFacts(
    systemIdentifier: "7000000000000000001", timeline: 1, position: 100, generation: 1,
    grantsAreOpen: true)

  let directory: String

  /// - Parameter isInMemory: for tests that open many files; a flush costs nothing then.
  init(isInMemory: Bool = false) throws {
    let shared = "/dev/shm"
    let parent = isInMemory && access(shared, W_OK) == 0 ? shared : NSTemporaryDirectory()
    var path = Array("\(parent)/journal-XXXXXX".utf8CString)
    directory = try #require(mkdtemp(&path).map { String(cString: $0) }) + "/journal"
  }

  deinit { try? FileManager.default.removeItem(atPath: String(directory.dropLast(8))) }

  var path: String { "\(directory)/grants.journal" }

  func open(
    boot: BootID = BootID(UUID()), systemBoot: String = "one", compactionBytes: Int = 1 << 20
  ) async throws(JournalError) -> FileJournal {
    try await FileJournal.open(
      FileJournal.Settings(
        directory: directory, boot: boot, systemBoot: systemBoot,
        compactionBytes: compactionBytes))
  }

  func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

  func write(_ bytes: [UInt8]) throws {
    try? FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(filePath: path))
  }

  static func grant(_ first: Int, _ last: Int, boot: BootID, of counter: Counter = counter) throws
    -> Grant
  {
    Grant(
      lease: LeaseID(UUID()), boot: boot, counter: counter,
      block: try #require(Block(first: first, last: last)))
  }
}

extension FileJournal {
  func settled(_ lease: LeaseID, through: Int) throws(JournalError) {
    try settled([.init(lease: lease, issuedThrough: through)])
  }
}

/// What an error of the journal says; fails the test when there is none.
func failure(of body: () async throws(JournalError) -> Void) async throws -> String {
  do throws(JournalError) {
    try await body()
  } catch {
    return error.detail
  }
  Issue.record("no error")
  return ""
}
