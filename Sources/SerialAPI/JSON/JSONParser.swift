/// Reads JSON strictly (RFC 8259).
///
/// Foundation's decoder takes the last of two equal names, `1.0` for an integer and much depth; a
/// request that is read differently by two readers must not be read at all.
struct JSONParser {
  static let depthLimit = 16
  /// How many values one text may hold. No request needs more, and each costs more than its bytes.
  static let valueLimit = 200_000

  let bytes: [UInt8]
  var index = 0
  private var values = 0

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// The one value that `bytes` hold.
  static func parse(_ bytes: [UInt8]) throws(JSONError) -> JSONValue {
    var parser = JSONParser(bytes: bytes)
    parser.skipSpace()
    let value = try parser.value(depth: 0)
    parser.skipSpace()
    guard parser.index == bytes.count else { throw parser.failure(.trailing) }
    return value
  }

  func failure(_ code: JSONError.Code) -> JSONError { JSONError(code: code, offset: index) }

  /// The byte at the index, or `incomplete`.
  func peek() throws(JSONError) -> UInt8 {
    guard index < bytes.count else { throw failure(.incomplete) }
    return bytes[index]
  }

  private mutating func skipSpace() {
    while index < bytes.count, Self.isSpace(bytes[index]) { index += 1 }
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    guard depth <= Self.depthLimit else { throw failure(.tooDeep) }
    values += 1
    guard values <= Self.valueLimit else { throw failure(.tooMany) }
    switch try peek() {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func literal(
    _ text: StaticString, _ value: JSONValue
  ) throws(JSONError) -> JSONValue {
    for offset in 0..<text.utf8CodeUnitCount {
      guard try peek() == text.utf8Start[offset] else { throw failure(.syntax) }
      index += 1
    }
    return value
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    index += 1
    var members: [JSONValue.Member] = []
    var names: Set<String> = []
    skipSpace()
    if try peek() == UInt8(ascii: "}") {
      index += 1
      return .object([])
    }
    while true {
      skipSpace()
      guard try peek() == UInt8(ascii: "\"") else { throw failure(.syntax) }
      let start = index
      let name = try string()
      guard names.insert(name).inserted else {
        throw JSONError(code: .duplicateName, offset: start)
      }
      skipSpace()
      guard try peek() == UInt8(ascii: ":") else { throw failure(.syntax) }
      index += 1
      skipSpace()
      members.append(JSONValue.Member(name: name, value: try value(depth: depth + 1)))
      if try ends(with: UInt8(ascii: "}")) { return .object(members) }
    }
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    index += 1
    var values: [JSONValue] = []
    skipSpace()
    if try peek() == UInt8(ascii: "]") {
      index += 1
      return .array([])
    }
    while true {
      skipSpace()
      values.append(try value(depth: depth + 1))
      if try ends(with: UInt8(ascii: "]")) { return .array(values) }
    }
  }

  /// After a member: whether the closing bracket follows, and not a comma.
  private mutating func ends(with bracket: UInt8) throws(JSONError) -> Bool {
    skipSpace()
    let byte = try peek()
    guard byte == bracket || byte == UInt8(ascii: ",") else { throw failure(.syntax) }
    index += 1
    return byte == bracket
  }

  private mutating func number() throws(JSONError) -> String {
    let start = index
    if try peek() == UInt8(ascii: "-") { index += 1 }
    if try peek() == UInt8(ascii: "0") { index += 1 } else { try digits() }
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      index += 1
      try digits()
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(try peek()) { index += 1 }
      try digits()
    }
    return String(decoding: bytes[start..<index], as: UTF8.self)
  }

  private mutating func digits() throws(JSONError) {
    guard Self.isDigit(try peek()) else { throw failure(.syntax) }
    while index < bytes.count, Self.isDigit(bytes[index]) { index += 1 }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
  }
}
