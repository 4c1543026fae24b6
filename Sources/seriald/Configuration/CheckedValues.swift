import Configuration

/// Reads values by the table of keys and collects what is wrong with them.
struct CheckedValues {
  let reader: ConfigReader
  private(set) var problems: [String] = []

  init(reader: ConfigReader) { self.reader = reader }

  mutating func problem(_ text: String) { problems.append(text) }

  /// The value of a key, or its default; nil when there is neither. An empty text is none.
  mutating func text(_ key: ConfigurationKey) -> String? {
    let given = reader.string(forKey: ConfigKey(key.name), isSecret: key.isSecret)
    guard let text = given.flatMap({ $0.isEmpty ? nil : $0 }) ?? key.defaultText else { return nil }
    if case .text(let choices) = key.kind, !choices.isEmpty, !choices.contains(text) {
      problem("\(key.environmentName) is \(text): expected \(key.typeText)")
    }
    return text
  }

  mutating func required(_ key: ConfigurationKey) -> String {
    guard let text = text(key) else {
      problem("\(key.environmentName) is not set: \(key.meaning)")
      return ""
    }
    return text
  }

  mutating func integer(_ key: ConfigurationKey) -> Int {
    guard case .integer(let range) = key.kind else {
      preconditionFailure("\(key.name) is no integer")
    }
    // A number in the file is no text to the reader; one in the environment is.
    let number = reader.int(forKey: ConfigKey(key.name), isSecret: key.isSecret)
    let given = reader.string(forKey: ConfigKey(key.name), isSecret: key.isSecret)
    let fallback = key.defaultText.flatMap { Int($0) }
    guard let value = number ?? given.flatMap({ Int($0) }) ?? (given == nil ? fallback : nil) else {
      problem("\(key.environmentName) is \(given ?? "not set"): expected \(key.typeText)")
      return range.lowerBound
    }
    if !range.contains(value) {
      problem("\(key.environmentName) is \(value): expected \(key.typeText)")
    }
    return value
  }
}
