/// Why a text or some components are not a serial.
///
/// It names the first thing that is wrong, reading from the left after the length was checked.
public struct SerialError: Error, Sendable, Hashable {
  /// What kind of fault it is. Together with `part` it says exactly what is wrong.
  public enum Code: String, Sendable, Hashable, CaseIterable {
    /// The text is shorter or longer than the serial.
    case length
    /// The first byte is not the prefix of the kind.
    case prefix
    /// A byte between two parts is not a dot.
    case separator
    /// A byte of the year or of a sequence is not an ASCII digit.
    case digit
    /// A year or a number is outside its range. In a text only the year and a zero can be.
    case range
  }

  /// Which part of the serial is wrong.
  public enum Part: String, Sendable, Hashable, CaseIterable {
    /// The serial as a whole: its length.
    case serial
    /// The letter at its start.
    case prefix
    /// The four digits of the year, 2000...9999.
    case year
    /// The five digits of the counter's number, 1...99,999.
    case sequence
    /// The four digits of the execution's number, 1...9,999.
    case execution
    /// The four digits of the branch's number, 1...9,999.
    case branch
    /// A dot, in front of an execution's or a branch's number.
    case separator
  }

  /// What was there in place of what was expected.
  public enum Found: Sendable, Hashable {
    /// A text of so many bytes.
    case length(Int)
    /// This byte.
    case byte(UInt8)
    /// This year or number.
    case number(Int)
  }

  /// What kind of fault it is.
  public let code: Code
  /// Which part is wrong.
  public let part: Part
  /// Which kind of serial was expected; nil when any would have done.
  public let kind: SerialKind?
  /// Where the fault is, in bytes from the start of the text; nil for components.
  ///
  /// For `length` it is where the text ends too early, or where it should have ended. For `range`
  /// it is the first byte of the part.
  public let offset: Int?
  /// What was there in place of what was expected.
  public let found: Found
  /// What was received: the first 32 bytes at most, escaped as in `description`; nil for components.
  public let input: String?
}

extension SerialError {
  /// For components that are outside their range: there is no text, hence no offset.
  init(outOfRange number: Int, part: Part, kind: SerialKind) {
    self.init(
      code: .range, part: part, kind: kind, offset: nil, found: .number(number), input: nil)
  }

  /// The same error about a text of `length` bytes, of which only the start was looked at.
  @usableFromInline
  func reporting(length: Int) -> SerialError {
    guard case .length = found else { return self }
    return SerialError(
      code: code, part: part, kind: kind, offset: offset, found: .length(length), input: input)
  }
}
