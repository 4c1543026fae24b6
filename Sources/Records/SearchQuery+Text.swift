public import SerialFormat

extension SearchQuery {
  /// In which order kinds are found; within a kind by serial, from the lowest up for what begins like a
  /// serial, from the highest (the newest) down for names.
  public static let order: [SerialKind] = [.job, .target, .execution, .branch]

  /// Whether a search made the cursor: its key is the serial of the last hit.
  public func accepts(_ cursor: RecordCursor) -> Bool {
    Text.Order(rawValue: cursor.order) != nil && cursor.key.flatMap(Serial.init) != nil
  }

  /// What a text asks for.
  public enum Text: Sendable, Equatable {
    /// It begins like a serial: J or T, then a digit of a year, 2 to 9, and so on.
    case beginning(String)
    /// The whole serial of a target: it, and what ran on it.
    case target(TargetSerial)
    case name(String)

    public enum Order: String, Sendable {
      case serials
      case names
    }

    public init(_ text: String) {
      if let target = TargetSerial(text) {
        self = .target(target)
      } else {
        self = Self.isBeginning(text.utf8) ? .beginning(text) : .name(text)
      }
    }

    public var order: Order {
      switch self {
      case .beginning: .serials
      case .target, .name: .names
      }
    }

    private static func isBeginning(_ text: String.UTF8View) -> Bool {
      guard let prefix = text.first, text.count >= 2 else { return false }
      let length =
        switch prefix {
        case CounterKind.job.prefixByte: SerialKind.branch.length
        case CounterKind.target.prefixByte: SerialKind.target.length
        default: 0
        }
      return text.count <= length
        && text.enumerated().dropFirst().allSatisfy { place, byte in
          switch place {
          case 1: (UInt8(ascii: "2")...UInt8(ascii: "9")).contains(byte)
          case SerialKind.job.length, SerialKind.execution.length: byte == UInt8(ascii: ".")
          default: (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
          }
        }
    }
  }
}
