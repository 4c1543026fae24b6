/// JSON as it was written: numbers are kept as text, objects keep their order and have no key twice.
indirect enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// The literal, such as `1`, `1.0` or `1e3`. What it may be is for the field to say.
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  struct Member: Sendable, Equatable {
    let name: String
    let value: JSONValue
  }
}

extension JSONValue: Encodable {
  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    switch self {
    case .object(let members):
      var container = encoder.container(keyedBy: Name.self)
      for member in members {
        try container.encode(member.value, forKey: Name(stringValue: member.name))
      }
    case .array(let values):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(value) }
    case .null, .bool, .number, .string:
      var container = encoder.singleValueContainer()
      try encode(into: &container)
    }
  }

  private func encode(into container: inout any SingleValueEncodingContainer) throws {
    switch self {
    case .bool(let bool): try container.encode(bool)
    case .string(let text): try container.encode(text)
    case .number(let literal):
      if let whole = Int(literal) {
        try container.encode(whole)
      } else if let number = Double(literal), number.isFinite {
        try container.encode(number)
      } else {
        try container.encode(literal)
      }
    case .null, .array, .object: try container.encodeNil()
    }
  }
}

/// Why a text is not the JSON that this service takes.
struct JSONError: Error, Sendable, Equatable {
  enum Code: String, Sendable, CaseIterable {
    case syntax
    /// Ended before the value did.
    case incomplete
    /// Something follows the value.
    case trailing
    /// A name comes up twice in one object: readers disagree on which one counts (RFC 8259 4).
    case duplicateName
    case tooDeep
    /// More values than any request has.
    case tooMany
    /// Not UTF-8, or half of a surrogate pair.
    case encoding
  }

  let code: Code
  /// Where, in bytes from the start.
  let offset: Int

  /// One sentence for the client; it repeats nothing of the text.
  var detail: String {
    switch code {
    case .syntax: "The body is not JSON: unexpected character at byte \(offset)."
    case .incomplete: "The body is not JSON: it ends too early, at byte \(offset)."
    case .trailing: "The body is not JSON: something follows the value, at byte \(offset)."
    case .duplicateName: "The body has one name twice in an object, at byte \(offset)."
    case .tooDeep: "The body is nested deeper than \(JSONParser.depthLimit) levels."
    case .tooMany: "The body holds more than \(JSONParser.valueLimit) values."
    case .encoding: "The body is not UTF-8 at byte \(offset)."
    }
  }
}
