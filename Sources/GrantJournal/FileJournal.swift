public import Allocator
internal import Glibc
public import LeaseCore

/// The node's journal in a file of its state directory: lines that are appended, each with a
/// checksum.
///
/// A line that a crash cut off is removed when it is opened; a damaged one ends the start, because
/// the node would forget numbers that it has issued. All work on the file is done on a thread of
/// its own.
public actor FileJournal: GrantJournaling {
  public struct Settings: Sendable {
    /// Where the file lies, for this node alone. Made when only its last part is missing.
    public var directory: String
    /// The process that opens it.
    public var boot: BootID
    /// Which start of the operating system this is: what was written since survives the process.
    public var systemBoot: String
    /// The file is written anew when it is longer than this, in bytes, and than twice what that
    /// left the last time.
    public var compactionBytes: Int

    public init(
      directory: String, boot: BootID, systemBoot: String = Settings.currentSystemBoot(),
      compactionBytes: Int = 1 << 20
    ) {
      self.directory = directory
      self.boot = boot
      self.systemBoot = systemBoot
      self.compactionBytes = compactionBytes
    }

    /// The kernel's random name for its own start; one that no other start has when it says none.
    public static func currentSystemBoot() -> String {
      var buffer = [UInt8](repeating: 0, count: 64)
      let file = Glibc.open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
      defer { if file >= 0 { Glibc.close(file) } }
      let count = file < 0 ? 0 : read(file, &buffer, buffer.count)
      let digits = buffer.prefix(max(0, count)).filter { $0 > UInt8(ascii: " ") }
      return digits.isEmpty
        ? "unknown-\(UInt64.random(in: .min ... .max))" : String(decoding: digits, as: UTF8.self)
    }
  }

  /// How long a line may wait for the disk that needs not be there at once, in milliseconds.
  public static let flushMilliseconds = 1_000

  private nonisolated let thread: JournalThread
  private let settings: Settings
  private var file: JournalFile
  private var lock: DirectoryLock?
  private var state = JournalState()
  /// When the oldest line was written that is not flushed.
  private var unflushedSince: ContinuousClock.Instant?
  /// The file may not hold what it should: it is written anew before anything else.
  private var isBroken = false
  private var compactsAbove: Int

  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    thread.asUnownedSerialExecutor()
  }

  private init(_ settings: Settings) throws(JournalError) {
    self.settings = settings
    thread = try JournalThread()
    file = JournalFile(directory: settings.directory)
    compactsAbove = settings.compactionBytes
  }

  deinit { thread.stop() }

  /// Opens the journal, or makes it.
  ///
  /// Throws when another process has it, when a line of it is damaged, and when the system refuses.
  public static func open(_ settings: Settings) async throws(JournalError) -> FileJournal {
    let journal = try FileJournal(settings)
    try await journal.open()
    return journal
  }

  private func open() throws(JournalError) {
    lock = try DirectoryLock(directory: settings.directory)
    if let content = try file.open() {
      let (state, length, isEnded) = try Self.replay(content, path: file.path)
      // It was put in its place with a first line in it, and flushed before.
      guard length > 0 else {
        throw JournalError(
          detail: "The journal \(file.path) has no first line. The node does not start with it: it "
            + "might forget numbers that it has issued. Restore the file, or move it away when the "
            + "coordinator has certainly lost nothing.")
      }
      self.state = state
      if length < content.count { try file.cut(to: length) }
      if !isEnded { try file.append([UInt8(ascii: "\n")]) }
    }
    let mark = JournalEntry(
      process: .init(boot: settings.boot.uuid, system: settings.systemBoot))
    guard file.length > 0 else {
      _ = state.apply(mark)
      try rewrite()
      return
    }
    // What an earlier process wrote has to be on the disk before this one says so.
    try file.flush()
    try write(mark)
    try flushNow()
    compactsAbove = max(settings.compactionBytes, file.length)
  }

  /// Lets go of the directory. To be called last: every later call throws.
  public func close() {
    try? flush()
    lock = nil
  }

  // MARK: - What is remembered

  public func granted(_ grants: [Grant], by facts: CoordinatorFacts) throws(JournalError) {
    try mend()
    let new = grants.filter { !state.knows($0.lease) }
    guard !new.isEmpty else { return }
    try write(JournalEntry(facts: .init(facts), granted: new.map(JournalEntry.GrantMark.init)))
    try flushNow()
    try compactWhenLong()
  }

  public func progressed(_ issuedThrough: [LeaseID: Int], facts: CoordinatorFacts?)
    throws(JournalError)
  {
    try mend()
    let marks = issuedThrough.filter { state.knows($0.key) }
      .map { JournalEntry.ThroughMark($0.key, $0.value) }
    guard !marks.isEmpty || facts != nil else { return }
    try write(
      JournalEntry(
        facts: facts.map(JournalEntry.FactsMark.init), progressed: marks.isEmpty ? nil : marks))
    try compactWhenLong()
  }

  public func settled(_ leases: [ReportAnswer.Settled]) throws(JournalError) {
    try mend()
    let marks = leases.filter { state.knows($0.lease) }
      .map { JournalEntry.ThroughMark($0.lease, $0.issuedThrough) }
    guard !marks.isEmpty else { return }
    try write(JournalEntry(settled: marks))
    try compactWhenLong()
  }

  public func memory() throws(JournalError) -> JournalMemory {
    try mend()
    return JournalMemory(facts: state.facts, holdings: state.holdings)
  }

  /// Puts on the disk what is not there yet. To be called at least once in `flushMilliseconds`.
  public func flush() throws(JournalError) {
    try mend()
    if unflushedSince != nil { try flushNow() }
  }

  // MARK: - The file

  /// Remembers a line, in the file and here. One that was not written whole is remembered nowhere.
  private func write(_ entry: JournalEntry) throws(JournalError) {
    guard let bytes = try? JournalLine.bytes(of: entry) else {
      throw JournalError(detail: "A line of the journal \(file.path) could not be made.")
    }
    do throws(JournalError) {
      try file.append(bytes)
    } catch {
      isBroken = isBroken || !file.isWhole
      throw error
    }
    _ = state.apply(entry)
    let now = ContinuousClock.now
    if let since = unflushedSince {
      if since.duration(to: now) >= .milliseconds(Self.flushMilliseconds) { try flushNow() }
    } else {
      unflushedSince = now
    }
  }

  /// After a flush that failed nobody knows what the disk has: the file is written anew.
  private func flushNow() throws(JournalError) {
    do throws(JournalError) {
      try file.flush()
      unflushedSince = nil
    } catch {
      isBroken = true
      throw error
    }
  }

  private func mend() throws(JournalError) {
    guard lock != nil else { throw JournalError(detail: "The journal \(file.path) is closed.") }
    if isBroken { try rewrite() }
  }

  /// A file that could not be written anew is tried again when it has grown as much again.
  private func compactWhenLong() throws(JournalError) {
    guard file.length > compactsAbove else { return }
    do throws(JournalError) {
      try rewrite()
    } catch {
      compactsAbove = 2 * file.length
      if isBroken { throw error }
    }
  }

  private func rewrite() throws(JournalError) {
    let compact = state.compacted()
    var bytes: [UInt8] = []
    for entry in compact.lines {
      guard let line = try? JournalLine.bytes(of: entry) else {
        throw JournalError(detail: "A line of the journal \(file.path) could not be made.")
      }
      bytes += line
    }
    try file.replace(with: bytes)
    state = compact
    compactsAbove = max(settings.compactionBytes, 2 * file.length)
    unflushedSince = nil
    isBroken = true
    try JournalFile.flushDirectory(settings.directory)
    isBroken = false
  }

  // MARK: - Reading

  /// What whole lines say, how many bytes they have, and whether the last one has its line feed.
  private static func replay(
    _ content: [UInt8], path: String
  ) throws(JournalError) -> (JournalState, length: Int, isEnded: Bool) {
    var state = JournalState()
    var number = 0
    var start = 0
    while start < content.count {
      number += 1
      let end = content[start...].firstIndex(of: UInt8(ascii: "\n"))
      var line = content[start..<(end ?? content.count)]
      // A machine that loses power may have made the file longer without having filled it.
      if end == nil { while line.last == 0 { line.removeLast() } }
      if line.isEmpty && end == nil { break }
      do throws(JournalLine.Fault) {
        let entry = try JournalLine.entry(of: line)
        guard (number == 1) == (entry.version != nil), state.apply(entry) else { throw .damaged }
      } catch {
        if error == .torn && end == nil { break }
        throw JournalError(
          detail: "Line \(number) of the journal \(path) is damaged. The node does not start with "
            + "it: it might forget numbers that it has issued. Restore the file, or move it away "
            + "when the coordinator has certainly lost nothing.")
      }
      guard let end else { return (state, line.endIndex, false) }
      start = end + 1
    }
    return (state, start, true)
  }
}
