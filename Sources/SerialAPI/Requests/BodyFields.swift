import NIOCore

/// The fields of a request's body: an object with known names only.
struct BodyFields {
  private let members: [JSONValue.Member]

  /// An empty body stands for `{}`. Throws a problem for anything but an object, and for a field
  /// that is not among `known`: a word that is misspelt must not be ignored.
  init(_ body: ByteBuffer, known: [String], elsewhere: [String: String] = [:]) throws(Problem) {
    let bytes = Array(body.readableBytesView)
    guard !bytes.isEmpty else {
      members = []
      return
    }
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONParser.parse(bytes)
    } catch {
      throw .invalid(error.detail)
    }
    guard case .object(let members) = value else {
      throw .invalid("The body must be a JSON object.")
    }
    for member in members where !known.contains(member.name) {
      if let reason = elsewhere[member.name] { throw .invalid(reason, field: member.name) }
      let list = known.map { "\"\($0)\"" }.joined(separator: ", ")
      let name = Excerpt.of(member.name)
      throw .invalid("Unknown field \"\(name)\"; this request takes \(list).", field: name)
    }
    self.members = members
  }

  /// The value of a field, or nil where it is missing. JSON's null is a value.
  func value(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }

  /// A whole number within `range`, however it is written, or `fallback` where the field is missing.
  func integer(
    _ name: String, in range: ClosedRange<Int>, fallback: Int
  ) throws(Problem) -> Int {
    guard let value = value(name) else { return fallback }
    guard case .number(let literal) = value, let number = Self.whole(literal),
      range.contains(number)
    else {
      throw .invalid(
        "\"\(name)\" must be a whole number from \(range.lowerBound) to \(range.upperBound).",
        field: name)
    }
    return number
  }

  /// `5`, but also `5.0` and `5e0`: to JSON Schema, and to many writers, they are one number.
  private static func whole(_ literal: String) -> Int? {
    Int(literal) ?? Double(literal).flatMap { Int(exactly: $0) }
  }
}
