import Foundation
import Testing

@testable import SerialAPI

@Suite struct InstantTests {
  @Test(
    arguments: [
      ("1970-01-01T00:00:00Z", 0), ("2026-05-29T12:00:00.250Z", 1_780_056_000.25),
      ("2026-05-29t14:00:00.25+02:00", 1_780_056_000.25), ("2026-05-29T11:59:59z", 1_780_055_999),
      ("2026-05-29T00:30:00-11:30", 1_780_056_000), ("2000-02-29T00:00:00Z", 951_782_400),
      ("2024-02-29T23:59:59.999999999Z", 1_709_251_199.999999999),
      ("1969-12-31T23:59:59.5Z", -0.5), ("0001-01-01T00:00:00Z", -62_135_596_800),
      ("9999-12-31T23:59:59Z", 253_402_300_799),
    ] as [(String, Double)])
  func isRead(text: String, seconds: Double) {
    #expect(Instant.read(text)?.timeIntervalSince1970 == seconds)
  }

  @Test(arguments: [
    "", "2026", "2026-01-01", "2026-01-01T00:00Z", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z",
    "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
    "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+0100",
    "2026-01-01T00:00:00ZZ", " 2026-01-01T00:00:00Z", "+2026-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
    "12026-01-01T00:00:00Z", "2026-1-1T00:00:00Z", "\u{662}026-01-01T00:00:00Z",
    "2026-01-01T00:00:00Z\n", "2026-01-01T00:00:00\u{2212}01:00",
    "2026-01-01T00:00:00.000000000000000000000000000000000000000000Z",
  ])
  func isRefused(text: String) { #expect(Instant.read(text) == nil) }

  @Test func agreesWithFoundation() {
    var random = SeededRandom(seed: 0x1_5732)
    let style = Date.ISO8601FormatStyle()
    for _ in 0..<5_000 {
      let seconds = Int.random(in: -62_135_596_800...253_402_300_799, using: &random)
      let date = Date(timeIntervalSince1970: Double(seconds))
      // Foundation counts in the Julian calendar before 1582, which RFC 3339 does not.
      guard seconds >= -12_219_292_800 else { continue }
      #expect(Instant.read(date.formatted(style)) == date, "\(seconds)")
    }
  }
}
