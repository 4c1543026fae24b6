public import FoundationEssentials
internal import Glibc

/// A value that is sent beside a statement, in text format. The server infers its type from the
/// statement, so SQL says `$1::int8[]` where the place alone does not tell.
public enum Parameter: Sendable, Equatable {
  case null
  case text(String)
  case int(Int)
  case bool(Bool)
  case uuid(UUID)
  /// One-dimensional arrays; `nil` is an element that is NULL.
  case textArray([String?])
  case intArray([Int?])
  case boolArray([Bool?])
  case uuidArray([UUID?])

  /// The text that is sent, `nil` for NULL.
  ///
  /// Throws `invalidParameter` for text with a NUL byte: PostgreSQL cannot store one, and in C's
  /// hands the text would silently end there.
  func wireText() throws(LibPQError) -> String? {
    let text: String
    switch self {
    case .null: return nil
    case .text(let value): text = value
    case .int(let value): return String(value)
    case .bool(let value): return Self.text(value)
    case .uuid(let value): return Self.text(value)
    case .textArray(let values): text = ArrayLiteral.encode(values)
    case .intArray(let values): return ArrayLiteral.encode(values.map { $0.map(String.init) })
    case .boolArray(let values): return ArrayLiteral.encode(values.map { $0.map(Self.text) })
    case .uuidArray(let values): return ArrayLiteral.encode(values.map { $0.map(Self.text) })
    }
    guard !Self.holdsNUL(text) else {
      throw LibPQError(.invalidParameter, "text with a NUL byte cannot be sent")
    }
    return text
  }

  /// Outputs of tens of megabytes pass here: C looks through them at the speed of memory, in every build.
  private static func holdsNUL(_ text: String) -> Bool {
    text.utf8.withContiguousStorageIfAvailable { bytes in
      bytes.baseAddress.map { memchr($0, 0, bytes.count) != nil } ?? false
    } ?? text.utf8.contains(0)
  }

  private static func text(_ value: Bool) -> String { value ? "t" : "f" }
  private static func text(_ value: UUID) -> String { value.uuidString.lowercased() }
}
