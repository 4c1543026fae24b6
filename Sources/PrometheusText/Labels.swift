/// The labels of a series, sorted by name, each name once.
///
/// Names that the format does not allow are brought into its alphabet; of two labels that then have
/// the same name the last one stays.
public struct Labels: Sendable, Hashable, Comparable {
  let pairs: [Pair]

  struct Pair: Sendable, Hashable {
    let name: String
    let value: String
  }

  public init(_ labels: [(String, String)]) {
    guard labels.count > 1 else {
      pairs = labels.map { Pair(name: Name.label($0.0), value: $0.1) }
      return
    }
    var values: [String: String] = [:]
    for (name, value) in labels { values[Name.label(name)] = value }
    pairs = values.map { Pair(name: $0.key, value: $0.value) }.sorted { $0.name < $1.name }
  }

  public static func < (left: Labels, right: Labels) -> Bool {
    for (one, other) in zip(left.pairs, right.pairs) where one != other {
      return (one.name, one.value) < (other.name, other.value)
    }
    return left.pairs.count < right.pairs.count
  }
}

/// The alphabet of names (the exposition format's data model).
enum Name {
  /// `[a-zA-Z_:][a-zA-Z0-9_:]*`, with every other character turned into `_`.
  static func metric(_ text: String) -> String { legal(text, colons: true) }

  /// `[a-zA-Z_][a-zA-Z0-9_]*`; names that begin with two underscores belong to the server, and `le`
  /// to histograms.
  static func label(_ text: String) -> String {
    let name = legal(text, colons: false)
    if name == "le" { return "le_" }
    guard name.hasPrefix("__") else { return name }
    return "x" + name
  }

  private static func legal(_ text: String, colons: Bool) -> String {
    if isLegal(text, colons: colons) { return text }
    var name = ""
    for scalar in text.unicodeScalars {
      let digit = ("0"..."9").contains(scalar)
      if digit && name.isEmpty { name.append("_") }
      name.unicodeScalars.append(isLetter(scalar, colons: colons) || digit ? scalar : "_")
    }
    return name.isEmpty ? "_" : name
  }

  private static func isLegal(_ text: String, colons: Bool) -> Bool {
    guard let first = text.unicodeScalars.first, isLetter(first, colons: colons) else {
      return false
    }
    return text.unicodeScalars.allSatisfy {
      isLetter($0, colons: colons) || ("0"..."9").contains($0)
    }
  }

  private static func isLetter(_ scalar: Unicode.Scalar, colons: Bool) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "_": true
    case ":": colons
    default: false
    }
  }
}
