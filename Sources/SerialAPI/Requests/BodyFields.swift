import NIOCore

/// The fields of an object in a request's body: known names only.
struct BodyFields {
  private let members: [JSONValue.Member]
  /// Where the object is, such as `jobs[3].`; empty for the body itself.
  private let place: String

  /// An empty body stands for `{}`. Throws a problem for anything but an object, and for a field
  /// that is not among `known`: a word that is misspelt must not be ignored.
  init(_ body: ByteBuffer, known: [String]) throws(Problem) {
    let bytes = Array(body.readableBytesView)
    guard !bytes.isEmpty else {
      try self.init([], known: known, place: "")
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
    try self.init(members, known: known, place: "")
  }

  /// The fields of an object that is an entry of a list.
  init(_ members: [JSONValue.Member], known: [String], place: String) throws(Problem) {
    for member in members where !known.contains(member.name) {
      guard !known.isEmpty else { throw .invalid("This request takes no fields.") }
      let list = known.map { "\"\($0)\"" }.joined(separator: ", ")
      let name = place + Excerpt.of(member.name)
      throw .invalid("Unknown field \"\(name)\"; this request takes \(list).", field: name)
    }
    self.members = members
    self.place = place
  }

  /// The value of a field, or nil where it is missing. JSON's null is a value.
  func value(_ name: String) -> JSONValue? { members.first { $0.name == name }?.value }

  /// Whether the field is there, be it with null.
  func has(_ name: String) -> Bool { value(name) != nil }

  /// Whether there is no field at all.
  var isEmpty: Bool { members.isEmpty }

  /// The problem that a field is not what it must be.
  func wrong(_ name: String, _ expectation: String) -> Problem {
    .invalid("\"\(place)\(name)\" \(expectation).", field: place + name)
  }

  /// Throws for a field that is null: to leave something as it is, its field is left out.
  func refuseNull() throws(Problem) {
    for member in members where member.value == .null {
      throw wrong(member.name, "must not be null; leave it out to leave it as it is")
    }
  }

  /// The value of a field that may be left out or null, which is the same.
  func given(_ name: String) -> JSONValue? {
    let value = value(name)
    return value == .null ? nil : value
  }

  /// A whole number within `range`, however it is written; nil where the field is missing.
  func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
    guard let value = value(name) else { return nil }
    guard case .number(let literal) = value, let number = Self.whole(literal),
      range.contains(number)
    else {
      throw wrong(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// The same, and null stands for a value that is missing.
  func nullableInteger(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
    value(name) == .null ? nil : try integer(name, in: range)
  }

  /// True or false; nil where the field is missing.
  func bool(_ name: String) throws(Problem) -> Bool? {
    guard let value = value(name) else { return nil }
    guard case .bool(let bool) = value else { throw wrong(name, "must be true or false") }
    return bool
  }

  /// A text that must be there.
  func text(_ name: String, bytes: ClosedRange<Int>) throws(Problem) -> String {
    guard case .string(let text) = value(name), PlainText.isPlain(text, bytes: bytes) else {
      throw wrong(
        name,
        "must be a text of \(bytes.lowerBound) to \(bytes.upperBound) bytes without control "
          + "characters")
    }
    return text
  }

  /// `5`, but also `5.0` and `5e0`: to JSON Schema, and to many writers, they are one number.
  static func whole(_ literal: String) -> Int? {
    Int(literal) ?? Double(literal).flatMap { Int(exactly: $0) }
  }
}

/// The rule for texts that end up in the history and in a terminal.
enum PlainText {
  static func isPlain(_ text: String, bytes: ClosedRange<Int>) -> Bool {
    bytes.contains(text.utf8.count) && hasNoControls(text)
  }

  static func isPlain(_ text: String, characters: ClosedRange<Int>) -> Bool {
    characters.contains(text.unicodeScalars.count) && hasNoControls(text)
  }

  private static func hasNoControls(_ text: String) -> Bool {
    !text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}
