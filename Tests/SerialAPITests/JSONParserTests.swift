import Foundation
import HummingbirdTesting
import Testing

@testable import SerialAPI

@Suite struct JSONParserTests {
  func parse(_ text: String) throws(JSONError) -> JSONValue {
    try JSONParser.parse(Array(text.utf8))
  }

  @Test(arguments: [
    ("null", JSONValue.null), ("true", .bool(true)), (" false ", .bool(false)), ("0", .number("0")),
    ("-0", .number("-0")), ("12.50e+3", .number("12.50e+3")), ("1E-2", .number("1E-2")),
    ("\"\"", .string("")), ("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\"", .string("a\"\\/\u{8}\u{C}\n\r\t")),
    ("\"\\u00e4\\uD83D\\uDE00\"", .string("\u{E4}\u{1F600}")), ("\"\\u0000\"", .string("\u{0}")),
    ("[]", .array([])), ("[ 1 , \"a\" ]", .array([.number("1"), .string("a")])),
    ("{}", .object([])),
    (
      "{ \"a\" : { \"a\" : null } }",
      .object([.init(name: "a", value: .object([.init(name: "a", value: .null)]))])
    ),
  ])
  func reads(text: String, value: JSONValue) throws {
    #expect(try parse(text) == value)
  }

  @Test(arguments: [
    ("", JSONError.Code.incomplete, 0), (" ", .incomplete, 1), ("nul", .incomplete, 3),
    ("nulL", .syntax, 3), ("tru e", .syntax, 3), ("+1", .syntax, 0), (".5", .syntax, 0),
    ("1.", .incomplete, 2), ("1.x", .syntax, 2), ("1e", .incomplete, 2), ("01", .trailing, 1),
    ("-", .incomplete, 1), ("- 1", .syntax, 1), ("0x1", .trailing, 1), ("Infinity", .syntax, 0),
    ("\"", .incomplete, 1), ("\"a", .incomplete, 2), ("\"\n\"", .syntax, 1),
    ("\"\u{1F}\"", .syntax, 1), ("\"\\x\"", .syntax, 2), ("\"\\u12\"", .syntax, 5),
    ("\"\\u12g4\"", .syntax, 5), ("\"\\uD800\"", .encoding, 3), ("\"\\uDC00\"", .encoding, 3),
    ("\"\\uD800\\n\"", .encoding, 3), ("\"\\uD800\\u0041\"", .encoding, 3),
    ("[", .incomplete, 1), ("[1", .incomplete, 2), ("[1,", .incomplete, 3), ("[1,]", .syntax, 3),
    ("[,1]", .syntax, 1), ("[1 2]", .syntax, 3), ("[1}", .syntax, 2), ("]", .syntax, 0),
    ("{", .incomplete, 1), ("{\"a\"", .incomplete, 4), ("{\"a\":", .incomplete, 5),
    ("{\"a\":1,}", .syntax, 7), ("{\"a\" 1}", .syntax, 5), ("{a:1}", .syntax, 1),
    ("{1:1}", .syntax, 1), ("{\"a\":1,\"a\":1}", .duplicateName, 7),
    ("{\"a\":1,\"\\u0061\":1}", .duplicateName, 7), ("{}{}", .trailing, 2), ("{}//", .trailing, 2),
    ("1 1", .trailing, 2), ("null\u{0}", .trailing, 4),
  ])
  func refuses(text: String, code: JSONError.Code, offset: Int) {
    let error = #expect(throws: JSONError.self) { try parse(text) }
    #expect(error == JSONError(code: code, offset: offset), "\(text)")
  }

  @Test func refusesWhatIsNotUTF8() {
    for bytes: [UInt8] in [
      [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80],
    ] {
      let error = #expect(throws: JSONError.self) {
        try JSONParser.parse([UInt8(ascii: "\"")] + bytes + [UInt8(ascii: "\"")])
      }
      #expect(error?.code == .encoding)
    }
  }

  @Test func depthIsBounded() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try parse(nested(JSONParser.depthLimit + 1))
    for depth in [JSONParser.depthLimit + 2, 100_000] {
      let error = #expect(throws: JSONError.self) { try parse(nested(depth)) }
      #expect(error?.code == .tooDeep)
    }
  }

  @Test func valuesAreBounded() throws {
    func list(_ count: Int) -> String {
      "[" + Array(repeating: "1", count: count).joined(separator: ",") + "]"
    }
    _ = try parse(list(JSONParser.valueLimit - 1))
    let error = #expect(throws: JSONError.self) { try parse(list(JSONParser.valueLimit)) }
    #expect(error?.code == .tooMany)
    #expect(error?.detail == "The body holds more than 200000 values.")
  }

  /// Pieces that stand for themselves, and escapes between, in every order.
  @Test func textsOfPiecesAreTheSameAsTheirParts() throws {
    let pieces = [
      ("a\u{E4}\u{1F600}", "a\u{E4}\u{1F600}"), ("\\n", "\n"), ("", ""), ("\\u00e4", "\u{E4}"),
    ]
    for first in pieces {
      for second in pieces {
        for third in pieces {
          let text = "[\"\(first.0)\(second.0)\(third.0)\"]"
          #expect(try parse(text) == .array([.string(first.1 + second.1 + third.1)]))
        }
      }
    }
  }

  @Test func agreesWithFoundationOnRandomTexts() throws {
    var random = SeededRandom(seed: 0xA11C)
    for _ in 0..<20_000 {
      let bytes = Self.randomText(&random)
      let ours = (try? JSONParser.parse(bytes)) != nil
      let theirs =
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])) != nil
      // Foundation takes more than the standard: equal names, and a few spellings. It never
      // refuses what we take.
      if ours { #expect(theirs, "\(String(decoding: bytes, as: UTF8.self))") }
    }
  }

  /// Pieces of JSON in a random order, with a random byte here and there.
  static func randomText(_ random: inout SeededRandom) -> [UInt8] {
    let pieces = [
      "{", "}", "[", "]", ",", ":", "\"count\"", "\"a\"", "\"", "\\", "\\u00", "1", "-", "0", "1.5",
      "e", "true", "null", " ", "\n", "{\"count\":1}", "{\"serials\":[\"J202600001\"]}", "\u{E4}",
    ]
    var bytes: [UInt8] = []
    for _ in 0..<Int.random(in: 0...8, using: &random) {
      bytes += Array((pieces.randomElement(using: &random) ?? "").utf8)
    }
    if Bool.random(using: &random), !bytes.isEmpty {
      let index = Int.random(in: 0..<bytes.count, using: &random)
      bytes[index] = UInt8.random(in: 0...255, using: &random)
    }
    return bytes
  }
}

/// SplitMix64: the same numbers for the same seed, everywhere.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
