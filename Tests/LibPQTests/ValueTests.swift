import FoundationEssentials
import Testing

@testable import LibPQ

@Suite struct ValueTests {
  @Test func arrayLiterals() {
    #expect(ArrayLiteral.encode([]) == "{}")
    #expect(ArrayLiteral.encode([nil]) == "{NULL}")
    #expect(ArrayLiteral.encode(["NULL", "", "a\"b", "c\\d"]) == #"{"NULL","","a\"b","c\\d"}"#)
    #expect(ArrayLiteral.decode("{}") == [])
    #expect(ArrayLiteral.decode("{1,NULL,null,\"NULL\"}") == ["1", nil, nil, "NULL"])
    for broken in [
      "", "{", "}", "{1", "1}", "{1,}", "{,1}", "{}x", "{\"a}", "{\"a\\", "{{1},{2}}", "{1}}",
      "[0:1]={1,2}", "{\"a\"b}",
    ] {
      #expect(ArrayLiteral.decode(broken) == nil, "\(broken)")
    }
  }

  @Test func everySmallArraySurvives() {
    let alphabet: [String?] = [nil, "", "\"", "\\", ",", "{", "}", "NULL", " "]
    var arrays: [[String?]] = [[]]
    var longest: [[String?]] = [[]]
    for _ in 0..<3 {
      longest = longest.flatMap { array in alphabet.map { array + [$0] } }
      arrays += longest
    }
    #expect(arrays.count == 1 + 9 + 81 + 729)
    for array in arrays {
      #expect(ArrayLiteral.decode(ArrayLiteral.encode(array)) == array)
    }
  }

  @Test func instants() {
    for (text, micro) in [
      ("1970-01-01 00:00:00+00", 0), ("1970-01-01 00:00:00.000001+00", 1),
      ("1970-01-01 01:00:00.5+01", 500_000), ("1969-12-31 23:59:59.9+00", -100_000),
      ("2000-02-29 12:00:00-03:30", 951_838_200_000_000),
      ("1970-01-01 00:53:28+00:53:28", 0), ("1970-01-01 05:30:00+05:30", 0),
    ] {
      #expect(UTCMicroseconds.decode(columnText: text)?.sinceEpoch == Int64(micro), "\(text)")
    }
    for broken in [
      "infinity", "-infinity", "", "1970-01-01", "1970-01-01 00:00:00", "1970-01-01T00:00:00+00",
      "1970-13-01 00:00:00+00", "1970-01-01 00:00:00.+00", "1970-01-01 00:00:00.1234567+00",
      "10000-01-01 00:00:00+00", "0044-03-15 00:00:00+00 BC", "1970-01-01 00:00:00+0",
    ] {
      #expect(UTCMicroseconds.decode(columnText: broken) == nil, "\(broken)")
    }
  }

  @Test func valuesAreDecodedStrictly() {
    #expect(Int.decode(columnText: "7") == 7)
    #expect(Int.decode(columnText: "7.0") == nil)
    #expect(Int.decode(columnText: nil) == nil)
    #expect(Int32.decode(columnText: "2147483648") == nil)
    #expect(Bool.decode(columnText: "true") == nil)
    #expect(UUID.decode(columnText: "x") == nil)
    #expect(Int?.decode(columnText: nil) == .some(.none))
    #expect(Int?.decode(columnText: "x") == .none)
    #expect([Int].decode(columnText: "{1,NULL}") == nil)
    #expect([Int?].decode(columnText: "{1,NULL}") == [1, nil])
  }
}

@Suite struct BackoffTests {
  @Test func ceilingDoublesUpToTheLongest() {
    let backoff = Backoff(firstMilliseconds: 50, longestMilliseconds: 700)
    let ceilings = (1...7).map { backoff.ceilingMilliseconds(attempt: $0) }
    #expect(ceilings == [50, 100, 200, 400, 700, 700, 700])
    #expect(backoff.ceilingMilliseconds(attempt: .max) == 700)
    let huge = Backoff(firstMilliseconds: 1, longestMilliseconds: .max)
    #expect(huge.ceilingMilliseconds(attempt: 1_000) == .max)
  }

  @Test func delayLiesBetweenOneAndTheCeiling() {
    struct Fixed: RandomNumberGenerator {
      let value: UInt64
      func next() -> UInt64 { value }
    }
    let backoff = Backoff(firstMilliseconds: 8, longestMilliseconds: 64)
    var lowest = Fixed(value: 0)
    var highest = Fixed(value: .max)
    for attempt in 1...6 {
      #expect(backoff.delayMilliseconds(attempt: attempt, using: &lowest) == 1)
      #expect(
        backoff.delayMilliseconds(attempt: attempt, using: &highest)
          == backoff.ceilingMilliseconds(attempt: attempt))
    }
  }
}
