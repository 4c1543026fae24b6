import SerialFormat
import Testing

/// What an error says, and that it can be shown anywhere.
struct SerialErrorTests {
  @Test(arguments: [
    ("J2026", #"invalid serial "J2026": expected 10, 15 or 20 bytes, found 5"#),
    (
      "j202600001",
      #"invalid serial "j202600001": prefix at byte 0: expected "J" or "T", found "j""#
    ),
    (
      "T202600001.0001",
      #"invalid execution serial "T202600001.0001": prefix at byte 0: expected "J", found "T""#
    ),
    (
      "T1999abcde",
      #"invalid target serial "T1999abcde": year at byte 1: expected 2000...9999, found 1999"#
    ),
    (
      "J20260000x",
      #"invalid job serial "J20260000x": sequence at byte 9: expected an ASCII digit, found "x""#
    ),
    (
      "J202600000",
      #"invalid job serial "J202600000": sequence at byte 5: expected 1...99999, found 0"#
    ),
    (
      "J202600001-0001",
      #"invalid execution serial "J202600001-0001": separator at byte 10: expected ".", found "-""#
    ),
    (
      "J202600001.0000",
      #"invalid execution serial "J202600001.0000": execution at byte 11: "#
        + "expected 1...9999, found 0"
    ),
    (
      "J202600001.0001.0000",
      #"invalid branch serial "J202600001.0001.0000": branch at byte 16: "#
        + "expected 1...9999, found 0"
    ),
    (
      "J20260\u{0}001",
      #"invalid job serial "J20260\x00001": sequence at byte 6: "#
        + #"expected an ASCII digit, found "\x00""#
    ),
  ])
  func aTextsErrorIsOneClearLine(text: String, description: String) throws {
    #expect(try #require(Serial.validate(text)).description == description)
  }

  @Test func aKnownKindIsNamed() throws {
    #expect(
      JobSerial.validate("T202600001")?.description
        == #"invalid job serial "T202600001": prefix at byte 0: expected "J", found "T""#)
    #expect(
      TargetSerial.validate("J202600001")?.description
        == #"invalid target serial "J202600001": prefix at byte 0: expected "T", found "J""#)
    #expect(
      BranchSerial.validate("J202600001")?.description
        == #"invalid branch serial "J202600001": expected 20 bytes, found 10"#)
  }

  @Test func aComponentsErrorHasNoOffset() throws {
    let error = #expect(throws: SerialError.self) { try JobSerial(year: 2026, number: 100_000) }
    #expect(error?.description == "invalid job serial: sequence: expected 1...99999, found 100000")
    #expect(error?.offset == nil && error?.input == nil)
    let job = try JobSerial(year: 2026, number: 1)
    let child = #expect(throws: SerialError.self) { try job.execution(10_000) }
    #expect(
      child?.description == "invalid execution serial: execution: expected 1...9999, found 10000")
  }

  @Test func everyByteIsShownOrEscaped() throws {
    for byte in UInt8.min...UInt8.max {
      let error = try #require(Library.error(on: [byte]))
      let isPlain = 0x20...0x7E ~= byte && !#""'\<>&"#.utf8.contains(byte)
      let hex = String(byte, radix: 16, uppercase: true)
      let plain = String(decoding: [byte], as: UTF8.self)
      let expected = isPlain ? plain : "\\x" + (byte < 16 ? "0" : "") + hex
      #expect(error.input == expected)
      guard byte != 0x4A, byte != 0x54 else { continue }
      let prefix = try #require(Library.error(on: [byte] + Array("202600001".utf8)))
      #expect(prefix.found == .byte(byte))
      #expect(prefix.description.hasSuffix("found \"\(expected)\""))
    }
  }

  @Test func aLongTextIsCut() throws {
    let exact = try #require(Serial.validate(String(repeating: "x", count: 32)))
    #expect(exact.input == String(repeating: "x", count: 32))
    let longer = try #require(Serial.validate(String(repeating: "x", count: 33)))
    #expect(longer.input == String(repeating: "x", count: 32) + "...")
    #expect(longer.found == .length(33))
    let huge = try #require(Serial.validate(String(repeating: "\u{0}", count: 1 << 20)))
    #expect(huge.input == String(repeating: "\\x00", count: 32) + "...")
    #expect(huge.description.utf8.count <= 256)
  }

  @Test func errorsAreEqualWhenAllIsEqual() {
    #expect(Serial.validate("J2026") == Serial.validate("J2026"))
    #expect(Serial.validate("J2026") != Serial.validate("J2027"))
    #expect(Serial.validate("J2026") != JobSerial.validate("J2026"))
  }

  @Test func codesAndPartsAreStable() {
    #expect(
      SerialError.Code.allCases.map(\.rawValue)
        == ["length", "prefix", "separator", "digit", "range"])
    #expect(
      SerialError.Part.allCases.map(\.rawValue)
        == ["serial", "prefix", "year", "sequence", "execution", "branch", "separator"])
  }
}
