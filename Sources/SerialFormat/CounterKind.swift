/// The two kinds of serial that a year-scoped counter numbers.
///
/// Raw values are `"job"` and `"target"`. The order is that of the prefixes: `job` before `target`.
public enum CounterKind: String, Sendable, Hashable, CaseIterable, Codable, Comparable {
  /// Jobs, prefix `J`. Executions and branches are numbered below them.
  case job
  /// Targets, prefix `T`. Nothing is numbered below them.
  case target

  /// The first character of a serial of this kind: `J` or `T`, upper case ASCII.
  public var prefix: Character { Character(Unicode.Scalar(prefixByte)) }

  /// The first byte of a serial of this kind: 0x4A (`J`) or 0x54 (`T`).
  public var prefixByte: UInt8 {
    switch self {
    case .job: UInt8(ascii: "J")
    case .target: UInt8(ascii: "T")
    }
  }

  /// The serial kind of this counter's numbers.
  public var serialKind: SerialKind {
    switch self {
    case .job: .job
    case .target: .target
    }
  }

  /// By prefix, so that the order of kinds is the order of the serials' texts.
  public static func < (left: CounterKind, right: CounterKind) -> Bool {
    left.prefixByte < right.prefixByte
  }
}
