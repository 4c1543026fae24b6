public import Foundation

/// A history that was kept, as the file says it.
public struct History: Sendable, Equatable {
  public var run: Run
  public var entries: [Entry]

  public init(run: Run, entries: [Entry]) {
    self.run = run
    self.entries = entries
  }

  /// Reads a file of JSON lines.
  ///
  /// - Throws: `HistoryError` with the line that cannot be read.
  public static func read(_ data: Data) throws -> History {
    let decoder = JSONDecoder()
    var run: Run?
    var entries: [Entry] = []
    for (index, line) in data.split(separator: UInt8(ascii: "\n")).enumerated() {
      let entry: Entry
      do {
        entry = try decoder.decode(Entry.self, from: Data(line))
      } catch {
        throw HistoryError(line: index + 1, reason: "not an entry of a history: \(error)")
      }
      if case .run(let header) = entry {
        guard index == 0 else { throw HistoryError(line: index + 1, reason: "a second run") }
        run = header
      } else {
        entries.append(entry)
      }
    }
    guard let run else { throw HistoryError(line: 1, reason: "expected the run") }
    return History(run: run, entries: entries)
  }

  /// The file again.
  public func write() throws -> Data {
    var data = Data()
    for entry in [.run(run)] + entries { data += try Self.line(entry) }
    return data
  }

  /// One entry as a line, its end included.
  public static func line(_ entry: Entry) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(entry) + Data([UInt8(ascii: "\n")])
  }
}

/// A history file that cannot be read.
public struct HistoryError: Error, Sendable, Equatable, CustomStringConvertible {
  public let line: Int
  public let reason: String

  public var description: String { "line \(line): \(reason)" }
}
