import SerialFormat
import Testing

/// Texts that look like a serial to a person or to a lenient reader.
struct HostileTextTests {
  static let texts: [String] = [
    // Digits of other scripts: Arabic-Indic, fullwidth, mathematical, superscript, Roman numeral.
    "J20260000\u{0661}", "J\u{0662}\u{0660}\u{0662}\u{0666}00001", "J20260000\u{FF11}",
    "\u{FF2A}202600001", "J20260000\u{1D7CF}", "J20260000\u{00B9}", "J20260000\u{2160}",
    // As many bytes as a serial has, with a digit of two, three or four bytes in it.
    "J2026000\u{0661}", "J202600\u{FF11}", "J20260\u{1D7CF}", "J202600001.00\u{0661}",
    // A letter that looks like the prefix: Cyrillic, Greek, full width.
    "\u{0408}202600001", "\u{03A4}202600001", "\u{0408}20260001", "\u{03A4}20260001",
    // A combining mark behind a digit or the prefix is one character, but more bytes.
    "J202600001\u{0301}", "J\u{0301}202600001", "J2026\u{20E3}00001", "J2026000\u{0301}1",
    "J20260000\u{FE0F}\u{20E3}", "J202600001.0003\u{0301}", "J202600001\u{0323}.0003",
    // Embedded and trailing NUL.
    "J202600001\0", "\0J202600001", "J20260\0001", "J2026\u{0}0001", "J202600001.0003\0",
    // White space around and inside, of all sorts, also such that the length is right.
    " J202600001", "J202600001 ", "J202600001\n", "J202600001\r\n", "\tJ202600001",
    " J20260001", "J20260001 ", "J20260001\n", "J20260001\r", "J20260001\t", "\nJ20260001",
    "J 20260001", "J2026 0001", "J202600001\u{00A0}", "\u{FEFF}J202600001", "J202600001\u{200B}",
    "J202600001.0003\n", "J202600001. 003", "J202600001 .0003", "J20260001\u{2028}",
    // Other dots: fullwidth, ideographic, middle, one dot leader.
    "J202600001\u{FF0E}0003", "J202600001\u{3002}0003", "J202600001\u{00B7}003",
    "J202600001\u{2024}0003",
    // Writing direction and joiners.
    "\u{202E}J202600001", "J2026\u{200D}00001", "J2026\u{202C}00001",
    // Number syntax of other readers.
    "J2026_0001", "J20260x001", "J2026+0001", "J2026-0001", "J20261e004", "J2026.0001",
    "J2026,0001", "JJ20260001", "J0x2600001",
  ]

  @Test(arguments: texts)
  func itIsRefused(text: String) {
    #expect(JobSerial(text) == nil)
    #expect(TargetSerial(text) == nil)
    #expect(ExecutionSerial(text) == nil)
    #expect(BranchSerial(text) == nil)
    #expect(Serial(text) == nil)
    let bytes = Array(text.utf8)
    for kind in everyExpectation {
      #expect(Library.verdict(on: bytes, as: kind) == Oracle.verdict(on: bytes, as: kind))
    }
  }

  /// Equal by Unicode's rules is not the same: bytes decide.
  @Test func lengthIsCountedInBytes() throws {
    let error = try #require(JobSerial.validate("J20260000\u{0661}"))
    #expect(error.found == .length(11))
  }

  @Test func bytesThatAreNoTextAreRefused() {
    let broken: [[UInt8]] = [
      [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], Array("J20260000".utf8) + [0x80],
      Array("J20260000".utf8) + [0xB1], Array(repeating: 0xFF, count: 10),
      Array(repeating: 0x80, count: 15), Array(repeating: 0, count: 20),
    ]
    for bytes in broken {
      #expect(Serial.validate(String(decoding: bytes, as: UTF8.self)) != nil)
      for kind in everyExpectation {
        #expect(Library.verdict(on: bytes, as: kind) == Oracle.verdict(on: bytes, as: kind))
      }
    }
  }
}
