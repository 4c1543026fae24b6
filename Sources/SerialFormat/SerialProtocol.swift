/// What the serials of all kinds share: they are read from text and written as text, and no value
/// of theirs is invalid.
///
/// Digits are ASCII, the prefix is upper case, nothing may stand before or behind. Years run from
/// 2000 to 9999, and a sequence of all zeros is refused. Reading never traps, whatever the bytes
/// are. In Codable formats a serial is one string.
public protocol SerialProtocol: Sendable, Hashable, Comparable, Codable, LosslessStringConvertible {
  /// Reads the whole of `bytes` as one serial. All other ways to read end here.
  ///
  /// Throws a `SerialError` that names the first fault.
  init(utf8 bytes: Span<UInt8>) throws(SerialError)
}

extension SerialProtocol {
  /// Reads the whole of `text` as one serial: a `String`, a `Substring` or any other.
  ///
  /// Throws a `SerialError` that names the first fault.
  @inlinable
  public init(parsing text: some StringProtocol) throws(SerialError) {
    try self.init(utf8: text.utf8)
  }

  /// Reads the whole of `bytes` as one serial. They need not be valid UTF-8.
  ///
  /// Bytes that lie side by side in memory are read where they are; of others no more than 33 are
  /// copied. Throws a `SerialError` that names the first fault.
  @inlinable
  public init(utf8 bytes: some Collection<UInt8>) throws(SerialError) {
    guard let result = bytes.withContiguousStorageIfAvailable(Self.read) else {
      self = try Self.read(copying: bytes)
      return
    }
    self = try result.get()
  }

  /// The serial that `description` is, or nil when it is none; `init(parsing:)` says why.
  @inlinable
  public init?(_ description: String) {
    guard let serial = try? Self(parsing: description) else { return nil }
    self = serial
  }

  /// What is wrong with `text`, or nil when it is a serial of this type.
  @inlinable
  public static func validate(_ text: some StringProtocol) -> SerialError? {
    do throws(SerialError) {
      _ = try Self(parsing: text)
      return nil
    } catch {
      return error
    }
  }

  @inlinable
  static func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Result<Self, SerialError> {
    do throws(SerialError) {
      return .success(try Self(utf8: bytes.span))
    } catch {
      return .failure(error)
    }
  }

  /// For bytes that are scattered or computed: one more than an error shows is enough to judge.
  @inlinable
  static func read(copying bytes: some Collection<UInt8>) throws(SerialError) -> Self {
    let head = Array(bytes.prefix(Excerpt.byteLimit + 1))
    do throws(SerialError) {
      return try head.withUnsafeBufferPointer(read).get()
    } catch {
      throw error.reporting(length: bytes.count)
    }
  }
}
