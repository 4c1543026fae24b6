import SerialFormat
import Testing

/// All ways to hand a text in end in the same answer.
struct EntryTests {
  @Test func substringsAreReadWhereTheyAre() throws {
    let line = "jobs=J202600001,J202600002.0003;é"
    let fields = line.split(whereSeparator: { "=,;".contains($0) })
    #expect(try JobSerial(parsing: fields[1]).number == 1)
    #expect(try Serial(parsing: fields[2]).number == 3)
    #expect(JobSerial.validate(fields[1]) == nil)
    #expect(JobSerial.validate(fields[0])?.found == .length(4))
    #expect(JobSerial.validate(fields[2].prefix(10)) == nil)
    #expect(JobSerial.validate(line[line.endIndex...])?.found == .length(0))
  }

  @Test func bytesAreReadFromAnyCollection() throws {
    let text = "J202600001.0003.0015"
    let expected = try BranchSerial(parsing: text)
    let bytes = Array(text.utf8)
    #expect(try BranchSerial(utf8: bytes) == expected)
    #expect(try BranchSerial(utf8: ("..." + text).utf8.dropFirst(3)) == expected)
    #expect(try BranchSerial(utf8: bytes.reversed().reversed()) == expected)
    #expect(try BranchSerial(utf8: bytes.lazy.map { $0 }) == expected)
    #expect(try BranchSerial(utf8: Array(bytes.reversed()).reversed()) == expected)
    let read = bytes.withUnsafeBufferPointer { buffer in
      Result { try BranchSerial(utf8: buffer.span) }
    }
    #expect(try read.get() == expected)
  }

  @Test func emptyBytesAreRefused() throws {
    let error = #expect(throws: SerialError.self) { try Serial(utf8: EmptyCollection<UInt8>()) }
    #expect(error?.found == .length(0) && error?.offset == 0)
    let empty = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    #expect(throws: SerialError.self) { try JobSerial(utf8: empty) }
    #expect(throws: SerialError.self) { try JobSerial(utf8: empty.span) }
  }

  /// Neither the time nor the memory may follow the length that a collection claims.
  @Test func anEndlessCollectionIsRefused() throws {
    for count in [21, 32, 33, 34, 1_000_000, Int.max] {
      let endless = repeatElement(UInt8(ascii: "J"), count: count)
      let error = #expect(throws: SerialError.self) { try Serial(utf8: endless) }
      #expect(error?.found == .length(count) && error?.offset == 20)
      #expect(
        error?.input == String(repeating: "J", count: min(count, 32)) + (count > 32 ? "..." : ""))
    }
  }

  /// Scattered bytes give the same error as contiguous ones.
  @Test func scatteredBytesGiveTheSameError() {
    for text in ["J20260000x", "", "J2026", "T202600001.0001", String(repeating: "0", count: 80)] {
      let scattered = Array(text.utf8.reversed()).reversed()
      let error = #expect(throws: SerialError.self) { try Serial(utf8: scattered) }
      #expect(error == Serial.validate(text))
    }
  }

  @Test func theFailableInitializerAgrees() {
    for text in RefusalTests.samples {
      #expect(Serial(text)?.description == text)
      #expect(Serial.validate(text) == nil)
      #expect("\(Serial(text)!)" == text)
    }
  }
}
