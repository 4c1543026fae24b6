import Foundation
import SerialFormat
import Testing

/// In JSON a serial is one string.
struct CodableTests {
  private struct Record: Codable, Equatable {
    var job: JobSerial
    var target: TargetSerial
    var execution: ExecutionSerial
    var branch: BranchSerial
    var any: [Serial]
    var kind: CounterKind
    var serialKind: SerialKind
  }

  private static let json = """
    {"any":["T202600045","J202600001.0003"],"branch":"J202600001.0003.0015",\
    "execution":"J202600001.0003","job":"J202600001","kind":"target","serialKind":"branch",\
    "target":"T202600045"}
    """

  @Test func aRecordComesBackAsItWas() throws {
    let record = try JSONDecoder().decode(Record.self, from: Data(Self.json.utf8))
    #expect(record.branch.description == "J202600001.0003.0015")
    #expect(record.any.map(\.kind) == [.target, .execution])
    #expect(record.kind == .target && record.serialKind == .branch)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(String(decoding: try encoder.encode(record), as: UTF8.self) == Self.json)
  }

  @Test func theDecodingErrorCarriesTheMessage() throws {
    let damaged = Self.json.replacingOccurrences(of: "0003.0015", with: "0003.0000")
    let thrown = #expect(throws: DecodingError.self) {
      try JSONDecoder().decode(Record.self, from: Data(damaged.utf8))
    }
    guard case .dataCorrupted(let context) = thrown else {
      Issue.record("expected dataCorrupted, found \(String(describing: thrown))")
      return
    }
    let expected = try #require(BranchSerial.validate("J202600001.0003.0000"))
    #expect(context.debugDescription == expected.description)
    #expect(context.underlyingError as? SerialError == expected)
    #expect(context.codingPath.map(\.stringValue) == ["branch"])
  }

  @Test(arguments: ["202600001", "null", "[\"J202600001\"]", "{}", "true"])
  func anythingButAStringIsATypeError(json: String) {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([JobSerial].self, from: Data("[\(json)]".utf8))
    }
  }

  @Test func anotherKindIsRefused() {
    #expect(throws: DecodingError.self) {
      try JSONDecoder().decode([JobSerial].self, from: Data("[\"T202600001\"]".utf8))
    }
  }
}
