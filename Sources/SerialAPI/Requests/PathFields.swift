import Foundation
import Hummingbird
import LeaseCore
import SerialFormat

/// The parameters of a path.
struct PathFields {
  /// How long a subject may be, in bytes: as in a token.
  static let subjectBytes = 1...200

  let context: APIContext

  /// `{serial}`, which must be that of a counter's number, and those behind it.
  func numbers(count: Int) throws(Problem) -> (counter: Counter, block: Block) {
    let serial = try RequestedSerial.read(raw("serial"))
    switch serial {
    case .job, .target: break
    case .execution, .branch:
      throw .invalid("\(serial) is no number of a counter: expected a job or target serial.")
    }
    let last = serial.number + count - 1
    guard let block = Block(first: serial.number, last: last) else {
      throw .invalid(
        "\(count) numbers from \(serial) on end at \(last): expected at most \(Capacity.counter).",
        field: "count")
    }
    return (Counter(kind: serial.counterKind, year: serial.year), block)
  }

  /// A parameter that names a record: the text as it is, for the registry to read.
  func name(_ parameter: String, as kind: SerialKind?) throws(Problem) -> String {
    try RequestedSerial.text(raw(parameter), as: kind)
  }

  /// `{kind}` and `{year}`.
  func counter() throws(Problem) -> Counter {
    let kind = try value("kind", expected: Expected.kind, CounterKind.init(rawValue:))
    let year = try value("year", expected: Expected.year, Expected.year(_:))
    return Counter(kind: kind, year: year)
  }

  func node() throws(Problem) -> String {
    try value("node", expected: Expected.node, Expected.node(_:))
  }

  func subject() throws(Problem) -> String {
    try value(
      "subject", expected: "1 to \(Self.subjectBytes.upperBound) bytes without control characters"
    ) { PlainText.isPlain($0, bytes: Self.subjectBytes) ? $0 : nil }
  }

  private func value<Value>(
    _ name: String, expected: String, _ read: (String) -> Value?
  ) throws(Problem) -> Value {
    let segment = raw(name)
    guard let text = segment.removingPercentEncoding, let value = read(text) else {
      throw .malformed(name, segment.removingPercentEncoding ?? segment, expected: expected)
    }
    return value
  }

  /// As it was sent, percent-encoded or not.
  private func raw(_ name: String) -> String { context.parameters.get(name) ?? "" }
}

/// What parameters may be, in words and as a rule.
enum Expected {
  static let kind = "job or target"
  static let year = "a year from \(Capacity.years.lowerBound) to \(Capacity.years.upperBound)"
  static let node =
    "a lower-case letter, then up to 62 lower-case letters, digits and hyphens"

  static func year(_ text: String) -> Int? {
    Digits.read(text).flatMap { Capacity.years.contains($0) ? $0 : nil }
  }

  static func node(_ text: String) -> String? {
    text.wholeMatch(of: /[a-z][a-z0-9-]{0,62}/) == nil ? nil : text
  }
}
