/// A file of variables that a shell can source: `export NAME='value'`, one a line.
public struct EnvironmentFile: Sendable, Equatable {
  /// Names and values in the file's order.
  public var variables: [(name: String, value: String)]

  /// A file with these variables.
  public init(_ variables: [(name: String, value: String)]) {
    self.variables = variables
  }

  /// Two files are equal when their variables are, in order.
  public static func == (left: EnvironmentFile, right: EnvironmentFile) -> Bool {
    left.variables.elementsEqual(right.variables) { $0 == $1 }
  }

  /// The value of a variable.
  public subscript(name: String) -> String? {
    variables.last { $0.name == name }?.value
  }

  /// The file's text. Values are in single quotes, in which a shell finds nothing special; a single
  /// quote itself is written `'\''`.
  public var text: String {
    variables.map { name, value in
      let parts = value.split(separator: "'", omittingEmptySubsequences: false)
      return "export \(name)='\(parts.joined(separator: #"'\''"#))'\n"
    }.joined()
  }

  /// Reads what `text` gives, and the plain `NAME=value` too. Other lines are skipped.
  public init(parsing text: String) {
    variables = []
    var rest = text[...]
    while !rest.isEmpty {
      rest = rest.drop { $0.isWhitespace }
      if rest.hasPrefix("export ") { rest = rest.dropFirst(7) }
      let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
      guard !name.isEmpty, rest[name.endIndex...].first == "=" else {
        rest = rest.drop { !$0.isNewline }
        continue
      }
      rest = rest[name.endIndex...].dropFirst()
      variables.append((String(name), Self.takeWord(&rest)))
      rest = rest.drop { !$0.isNewline }
    }
  }

  /// Takes one shell word without expansions from the front.
  private static func takeWord(_ rest: inout Substring) -> String {
    var value = ""
    while let character = rest.first {
      switch character {
      case "'":
        let quoted = rest.dropFirst().prefix { $0 != "'" }
        value += quoted
        rest = rest[quoted.endIndex...].dropFirst()
      case "\\":
        if let escaped = rest.dropFirst().first { value.append(escaped) }
        rest = rest.dropFirst(2)
      case let other where other.isWhitespace:
        return value
      case let other:
        value.append(other)
        rest = rest.dropFirst()
      }
    }
    return value
  }

  /// Writes the file with mode 0600, whole or not at all.
  public func write(to path: String) throws {
    try LocalFile.write(text.utf8, to: path, mode: 0o600)
  }

  /// Reads the file; `nil` when there is none.
  public static func read(_ path: String) throws -> EnvironmentFile? {
    try LocalFile.readText(path).map { EnvironmentFile(parsing: $0) }
  }
}
