extension SerialError: CustomStringConvertible {
  /// What would have been right, such as `10 bytes`, `"J"`, `an ASCII digit` or `2000...9999`.
  public var expected: String {
    switch code {
    case .length: kind.map { "\($0.length) bytes" } ?? "10, 15 or 20 bytes"
    case .prefix: kind.map { "\"\($0.counterKind.prefix)\"" } ?? "\"J\" or \"T\""
    case .separator: "\".\""
    case .digit: "an ASCII digit"
    case .range: expectedRange
    }
  }

  /// One line in English that names the part, what was expected and what was found.
  ///
  /// It holds printable ASCII only, at most 256 bytes, whatever was received: other bytes are
  /// written as `\xNN`, and so are quotes, backslashes, `<`, `>` and `&`. It can go into a log, a
  /// header or a body as it is.
  public var description: String {
    let name = kind.map { "\($0.rawValue) serial" } ?? "serial"
    let subject = input.map { "invalid \(name) \"\($0)\"" } ?? "invalid \(name)"
    return "\(subject): \(place)expected \(expected), found \(foundText)"
  }

  private var expectedRange: String {
    switch part {
    case .year: "\(Capacity.years.lowerBound)...\(Capacity.years.upperBound)"
    case .execution: "1...\(Capacity.executions)"
    case .branch: "1...\(Capacity.branches)"
    case .serial, .prefix, .sequence, .separator: "1...\(Capacity.counter)"
    }
  }

  private var place: String {
    guard code != .length else { return "" }
    return offset.map { "\(part.rawValue) at byte \($0): " } ?? "\(part.rawValue): "
  }

  private var foundText: String {
    switch found {
    case .length(let count): "\(count)"
    case .byte(let byte): "\"\(Excerpt.text(of: byte))\""
    case .number(let number): "\(number)"
    }
  }
}
