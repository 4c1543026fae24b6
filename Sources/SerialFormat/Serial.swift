/// A serial of any of the four kinds, told apart by length and prefix.
///
/// The order is the order of the texts: jobs before targets, and a parent directly before its
/// children.
public enum Serial: SerialProtocol {
  /// `J202600001`
  case job(JobSerial)
  /// `T202600001`
  case target(TargetSerial)
  /// `J202600001.0003`
  case execution(ExecutionSerial)
  /// `J202600001.0003.0015`
  case branch(BranchSerial)

  /// The serial of a counter's number: a year in UTC, 2000...9999, and a number, 1...99,999.
  ///
  /// Throws a `SerialError` with code `range` and part `year` or `sequence` outside of these.
  public init(counter kind: CounterKind, year: Int, number: Int) throws(SerialError) {
    switch kind {
    case .job: self = .job(try JobSerial(year: year, number: number))
    case .target: self = .target(try TargetSerial(year: year, number: number))
    }
  }

  /// Reads the whole of `bytes`, which must be the 10, 15 or 20 bytes of a serial.
  ///
  /// Throws a `SerialError` that names the first fault. The length alone makes it an execution or
  /// a branch; at 10 bytes the prefix decides.
  public init(utf8 bytes: Span<UInt8>) throws(SerialError) {
    switch bytes.count {
    case SerialKind.job.length:
      switch bytes[Layout.prefix] {
      case CounterKind.job.prefixByte: self = .job(try JobSerial(utf8: bytes))
      case CounterKind.target.prefixByte: self = .target(try TargetSerial(utf8: bytes))
      default: throw bytes.prefixError(nil)
      }
    case SerialKind.execution.length: self = .execution(try ExecutionSerial(utf8: bytes))
    case SerialKind.branch.length: self = .branch(try BranchSerial(utf8: bytes))
    default: throw bytes.lengthError(nil, offset: min(bytes.count, SerialKind.branch.length))
    }
  }

  /// The text: 10, 15 or 20 bytes of ASCII.
  public var description: String {
    switch self {
    case .job(let serial): serial.description
    case .target(let serial): serial.description
    case .execution(let serial): serial.description
    case .branch(let serial): serial.description
    }
  }
}
