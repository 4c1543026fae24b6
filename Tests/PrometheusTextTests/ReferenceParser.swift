/// A reader of the text format, written from the format's rules and not from the writer.
///
/// It is strict where the rules are: TYPE before samples, a group of lines for each metric, each
/// series once, a line feed at the end of the last line.
struct ReferenceParser {
  struct Sample: Equatable {
    let name: String
    let labels: [String: String]
    let value: String
  }

  struct Failure: Error { let line: String }

  private(set) var types: [String: String] = [:]
  private(set) var helps: [String: String] = [:]
  private(set) var samples: [Sample] = []
  private(set) var order: [String] = []

  init(_ text: String) throws {
    guard text.isEmpty || text.utf8.last == UInt8(ascii: "\n") else { throw Failure(line: "end") }
    var seen: Set<String> = []
    for line in text.utf8.split(separator: UInt8(ascii: "\n")).map({ String($0) ?? "" }) {
      if line.hasPrefix("# HELP ") {
        let (name, rest) = try Self.word(line.dropFirst(7), line)
        guard helps.updateValue(try Self.unescape(rest, quotes: false), forKey: name) == nil else {
          throw Failure(line: line)
        }
        try begin(name, line)
      } else if line.hasPrefix("# TYPE ") {
        let (name, rest) = try Self.word(line.dropFirst(7), line)
        guard ["counter", "gauge", "histogram"].contains(rest), types[name] == nil else {
          throw Failure(line: line)
        }
        types[name] = String(rest)
        try begin(name, line)
      } else {
        let sample = try Self.sample(line)
        guard let family = order.last, types[family] != nil,
          Self.belongs(sample.name, to: family, types[family] ?? ""),
          seen.insert(String(line[..<(line.lastIndex(of: " ") ?? line.endIndex)])).inserted
        else { throw Failure(line: line) }
        samples.append(sample)
      }
    }
  }

  /// All lines of one metric stand together.
  private mutating func begin(_ name: String, _ line: String) throws {
    if order.last == name { return }
    guard !order.contains(name) else { throw Failure(line: line) }
    order.append(name)
  }

  private static func belongs(_ name: String, to family: String, _ type: String) -> Bool {
    guard type == "histogram" else { return name == family }
    return ["_bucket", "_sum", "_count"].map { family + $0 }.contains(name)
  }

  private static func word(_ text: Substring, _ line: String) throws -> (String, Substring) {
    guard let space = text.firstIndex(of: " ") else { throw Failure(line: line) }
    return (String(text[..<space]), text[text.index(after: space)...])
  }

  private static func sample(_ line: String) throws -> Sample {
    var rest = line[...]
    let name = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") }
    guard let first = name.first, !first.isNumber else { throw Failure(line: line) }
    rest = rest.dropFirst(name.count)
    var labels: [String: String] = [:]
    if rest.first == "{" {
      rest = rest.dropFirst()
      while rest.first != "}" {
        let label = rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        rest = rest.dropFirst(label.count)
        guard !label.isEmpty, rest.hasPrefix("=\"") else { throw Failure(line: line) }
        rest = rest.dropFirst(2)
        guard let end = closingQuote(rest) else { throw Failure(line: line) }
        guard
          labels.updateValue(try unescape(rest[..<end], quotes: true), forKey: String(label)) == nil
        else { throw Failure(line: line) }
        rest = rest[rest.index(after: end)...]
        if rest.first == "," { rest = rest.dropFirst() }
      }
      rest = rest.dropFirst()
    }
    guard rest.first == " " else { throw Failure(line: line) }
    let value = String(rest.dropFirst())
    guard ["NaN", "+Inf", "-Inf"].contains(value) || Double(value)?.isFinite == true else {
      throw Failure(line: line)
    }
    return Sample(name: String(name), labels: labels, value: value)
  }

  private static func closingQuote(_ text: Substring) -> Substring.Index? {
    var index = text.startIndex
    while index < text.endIndex {
      if text[index] == "\"" { return index }
      if text[index] == "\\" { index = text.index(after: index) }
      if index < text.endIndex { index = text.index(after: index) }
    }
    return nil
  }

  private static func unescape(_ text: Substring, quotes: Bool) throws -> String {
    var result = String.UnicodeScalarView()
    var escaping = false
    for scalar in text.unicodeScalars {
      if escaping {
        switch scalar {
        case "\\": result.append("\\")
        case "n": result.append("\n")
        case "\"" where quotes: result.append("\"")
        default: throw Failure(line: String(text))
        }
        escaping = false
      } else if scalar == "\\" {
        escaping = true
      } else {
        result.append(scalar)
      }
    }
    guard !escaping else { throw Failure(line: String(text)) }
    return String(result)
  }
}
