import SerialFormat
import Testing

/// Texts that are wrong in one place, all of them.
struct RefusalTests {
  static let samples = ["J202600001", "T999999999", "J200010203.0405", "J202600001.0003.0015"]

  /// A wrong answer of the library, for a readable failure.
  private func mismatch(_ bytes: [UInt8], as kind: SerialKind?) -> String? {
    let expected = Oracle.verdict(on: bytes, as: kind)
    let actual = Library.verdict(on: bytes, as: kind)
    return expected == actual ? nil : "\(bytes): expected \(expected), found \(actual)"
  }

  @Test(arguments: samples)
  func everyByteAtEveryPosition(sample: String) {
    var mismatches: [String] = []
    var valid = 0
    for position in 0..<sample.utf8.count {
      for byte in UInt8.min...UInt8.max {
        var bytes = Array(sample.utf8)
        bytes[position] = byte
        mismatches += everyExpectation.compactMap { mismatch(bytes, as: $0) }
        if Oracle.verdict(on: bytes, as: nil).hasPrefix("valid") { valid += 1 }
      }
    }
    expectNone(mismatches)
    // The oracle itself must not refuse everything: nine digits vary, less the first of the year.
    #expect(valid > 8 * 10)
  }

  @Test(arguments: samples)
  func everyOtherLength(sample: String) {
    var mismatches: [String] = []
    for length in 0...40 {
      let bytes = Array((sample + String(repeating: "0123456789", count: 4)).utf8.prefix(length))
      mismatches += everyExpectation.compactMap { mismatch(bytes, as: $0) }
    }
    expectNone(mismatches)
  }

  @Test func aWrongLengthSaysWhichWasFound() throws {
    for length in 0...40 where length != 10 {
      let error = try #require(JobSerial.validate(String(repeating: "J", count: length)))
      #expect(error.code == .length && error.part == .serial)
      #expect(error.found == .length(length) && error.offset == min(length, 10))
    }
  }

  /// One serial is not taken for another.
  @Test func otherKindsAreRefused() {
    for sample in Self.samples {
      let accepted = [
        JobSerial(sample) != nil, TargetSerial(sample) != nil,
        ExecutionSerial(sample) != nil, BranchSerial(sample) != nil,
      ]
      #expect(accepted.count { $0 } == 1, "\(sample)")
      #expect(Serial(sample) != nil)
    }
  }

  @Test(arguments: [
    ("J202600000", "range sequence@5 job"),
    ("T202600000", "range sequence@5 target"),
    ("J202600000.0001", "range sequence@5 execution"),
    ("J202600001.0000", "range execution@11 execution"),
    ("J202600000.0000", "range sequence@5 execution"),
    ("J202600001.0000.0001", "range execution@11 branch"),
    ("J202600001.0001.0000", "range branch@16 branch"),
    ("J000000001", "range year@1 job"),
    ("J199900001", "range year@1 job"),
    ("T199999999", "range year@1 target"),
    ("J199900001.0001", "range year@1 execution"),
    ("J000000001.0001.0001", "range year@1 branch"),
    ("j202600001", "prefix prefix@0 any"),
    ("t202600001", "prefix prefix@0 any"),
    ("T202600001.0001", "prefix prefix@0 execution"),
    ("T202600001.0001.0001", "prefix prefix@0 branch"),
    ("J202600001,0001", "separator separator@10 execution"),
    ("J202600001.0001-0001", "separator separator@15 branch"),
    ("J202600001..0001.001", "digit execution@11 branch"),
    ("J2026+0001", "digit sequence@5 job"),
    ("J2026-0001", "digit sequence@5 job"),
    ("J202600001.+001", "digit execution@11 execution"),
    ("J202600001.0001. 015", "digit branch@16 branch"),
    ("J20260001", "length serial@9 any"),
    ("J20250001", "length serial@9 any"),
    ("JOB-2025-000001", "digit year@1 execution"),
    ("TGT-2025-000001", "prefix prefix@0 execution"),
    ("", "length serial@0 any"),
  ])
  func aFaultIsNamed(text: String, summary: String) throws {
    let error = try #require(Serial.validate(text))
    #expect(Library.summary(of: error) == summary)
    #expect(Serial(text) == nil)
  }
}
