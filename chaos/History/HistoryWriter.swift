import Foundation
import Synchronization

/// Writes a history while it happens. Entries are in the file when the call returns, so that a run that
/// is killed leaves what it saw.
public final class HistoryWriter: Sendable {
  private struct State {
    var entries: [Entry] = []
    var failure: (any Error)?
  }

  public let run: Run
  private let file: FileHandle
  private let state = Mutex(State())
  private let origin = ContinuousClock.now

  /// Makes the file, in place of one that is there.
  public init(run: Run, path: String) throws {
    self.run = run
    guard FileManager.default.createFile(atPath: path, contents: nil) else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path])
    }
    file = try FileHandle(forWritingTo: URL(filePath: path))
    try file.write(contentsOf: History.line(.run(run)))
  }

  /// Microseconds since the run began.
  public var now: Int { time(.now) }

  public func time(_ instant: ContinuousClock.Instant) -> Int {
    Int((origin.duration(to: instant) / .microseconds(1)).rounded())
  }

  public func add(_ entry: Entry) {
    state.withLock { state in
      state.entries.append(entry)
      guard state.failure == nil else { return }
      do {
        try file.write(contentsOf: History.line(entry))
      } catch {
        state.failure = error
      }
    }
  }

  /// Closes the file.
  ///
  /// - Throws: what kept an entry from being written.
  public func close() throws -> History {
    try file.close()
    return try state.withLock { state in
      if let failure = state.failure { throw failure }
      return History(run: run, entries: state.entries)
    }
  }
}
