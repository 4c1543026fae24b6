import Foundation

/// The query parameters of a request: known names only, each at most once.
struct QueryFields {
  private var values: [String: String] = [:]

  /// Throws a problem for a name that is not among `known`: a filter that is misspelt and ignored
  /// would answer with what nobody asked for.
  init(_ query: String?, known: [String]) throws(Problem) {
    guard let query, !query.isEmpty else { return }
    guard !known.isEmpty else { throw .invalid("This request takes no query parameters.") }
    for part in query.split(separator: "&", omittingEmptySubsequences: false) {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, let name = String(pair[0]).removingPercentEncoding,
        let value = String(pair[1]).removingPercentEncoding
      else {
        throw .invalid("\"\(Excerpt.of(part))\" is no query parameter: expected name=value.")
      }
      guard known.contains(name) else {
        let list = known.map { "\"\($0)\"" }.joined(separator: ", ")
        let shown = Excerpt.of(name)
        throw .invalid(
          "Unknown query parameter \"\(shown)\"; this request takes \(list).", field: shown)
      }
      guard values.updateValue(value, forKey: name) == nil else {
        throw .invalid("The query parameter \"\(name)\" comes twice.", field: name)
      }
    }
  }

  /// The value of a parameter as `read` makes it of its text; nil where it is missing. `read` gives
  /// nil for what it cannot read, and `expected` says what it could.
  func value<Value>(
    _ name: String, expected: String, _ read: (String) -> Value?
  ) throws(Problem) -> Value? {
    guard let text = values[name] else { return nil }
    guard let value = read(text) else {
      throw .malformed(name, text, expected: expected)
    }
    return value
  }

  func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
    try value(
      name, expected: "a whole number from \(range.lowerBound) to \(range.upperBound)"
    ) { text in
      Digits.read(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

/// Whole numbers in a path, a query or a cursor: ASCII digits alone, in one form each.
enum Digits {
  static func read(_ text: some StringProtocol) -> Int? {
    guard text.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }),
      text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0")
    else { return nil }
    return Int(text)
  }
}
