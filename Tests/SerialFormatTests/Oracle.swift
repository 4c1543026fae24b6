import SerialFormat

/// A slow second reading of the rules, with nothing of the library in it: it walks a pattern.
enum Oracle {
  static let patterns: [SerialKind: String] = [
    .job: "JYYYYSSSSS",
    .target: "TYYYYSSSSS",
    .execution: "JYYYYSSSSS.EEEE",
    .branch: "JYYYYSSSSS.EEEE.BBBB",
  ]

  private static let partNames: [Character: String] = [
    "Y": "year", "S": "sequence", "E": "execution", "B": "branch",
  ]

  /// `valid KIND`, or `CODE PART@OFFSET KIND` for the first fault; `kind` nil takes any kind.
  static func verdict(on bytes: [UInt8], as kind: SerialKind?) -> String {
    guard let kind = kind ?? kindByShape(bytes) else {
      return bytes.count == 10 ? "prefix prefix@0 any" : "length serial@\(min(bytes.count, 20)) any"
    }
    let pattern = Array(patterns[kind, default: ""])
    guard bytes.count == pattern.count else {
      return "length serial@\(min(bytes.count, pattern.count)) \(kind)"
    }
    var digits: [Character] = []
    for (index, symbol) in pattern.enumerated() {
      let character = Character(Unicode.Scalar(bytes[index]))
      switch symbol {
      case "J", "T":
        if character != symbol { return "prefix prefix@\(index) \(kind)" }
      case ".":
        if character != "." { return "separator separator@\(index) \(kind)" }
      default:
        guard "0123456789".contains(character) else {
          return "digit \(partNames[symbol, default: "?"])@\(index) \(kind)"
        }
        digits.append(character)
        if index + 1 < pattern.count, pattern[index + 1] == symbol { continue }
        let outside = symbol == "Y" ? "01".contains(digits[0]) : digits.allSatisfy { $0 == "0" }
        if outside {
          return "range \(partNames[symbol, default: "?"])@\(index + 1 - digits.count) \(kind)"
        }
        digits = []
      }
    }
    return "valid \(kind)"
  }

  private static func kindByShape(_ bytes: [UInt8]) -> SerialKind? {
    switch bytes.count {
    case 10: bytes[0] == 0x4A ? .job : bytes[0] == 0x54 ? .target : nil
    case 15: .execution
    case 20: .branch
    default: nil
    }
  }
}

/// What the library says, in the oracle's words.
enum Library {
  static let readers: [SerialKind: @Sendable ([UInt8]) -> String] = [
    .job: { verdict(on: $0, JobSerial.self) { _ in .job } },
    .target: { verdict(on: $0, TargetSerial.self) { _ in .target } },
    .execution: { verdict(on: $0, ExecutionSerial.self) { _ in .execution } },
    .branch: { verdict(on: $0, BranchSerial.self) { _ in .branch } },
  ]

  static func verdict(on bytes: [UInt8], as kind: SerialKind?) -> String {
    guard let kind else { return verdict(on: bytes, Serial.self, kind: \.kind) }
    guard let read = readers[kind] else { return "no reader for \(kind)" }
    return read(bytes)
  }

  private static func verdict<S: SerialProtocol>(
    on bytes: [UInt8], _: S.Type, kind: (S) -> SerialKind
  ) -> String {
    do throws(SerialError) {
      let serial = try S(utf8: bytes)
      guard Array(serial.description.utf8) == bytes else { return "read as \(serial)" }
      return "valid \(kind(serial))"
    } catch {
      return summary(of: error)
    }
  }

  static func summary(of error: SerialError) -> String {
    let offset = error.offset.map { "@\($0)" } ?? ""
    return "\(error.code) \(error.part)\(offset) \(error.kind.map { "\($0)" } ?? "any")"
  }
}

/// Every way to ask for a kind: each of the four, and nil for any.
let everyExpectation: [SerialKind?] = SerialKind.allCases + [nil]
