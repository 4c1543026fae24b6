import Testing

@testable import Registry

struct LegacyPureTests {
  @Test func progressTellsRateAndTimeLeft() {
    var progress = LegacyProgress(total: 1_000_000, startedAt: 100)
    #expect(progress.rate == nil)
    #expect(progress.secondsLeft == nil)
    #expect(progress.line(width: 10) == "[----------]   0%  0 of 1,000,000")
    progress.advance(to: 250_000, at: 110)
    #expect(progress.rate == 25_000)
    #expect(progress.secondsLeft == 30)
    #expect(
      progress.line(width: 10)
        == "[##--------]  25%  250,000 of 1,000,000  25,000 rows/s  0:30 left")
    // rows that came meanwhile
    progress.advance(to: 1_000_400, at: 140)
    #expect(progress.fraction == 1)
    #expect(progress.secondsLeft == 0)
  }

  @Test func aClockThatStepsBackMakesNoRate() {
    var progress = LegacyProgress(total: 10, startedAt: 100)
    progress.advance(to: 5, at: 90)
    #expect(progress.rate == nil)
  }

  @Test func nothingToDoIsDone() {
    #expect(LegacyProgress(total: 0, startedAt: 0).fraction == 1)
  }

  @Test(arguments: [
    (0.0, "0:00"), (0.2, "0:01"), (61, "1:01"), (3_599, "59:59"), (3_723, "1:02:03"),
  ])
  func timesAreRoundedUp(seconds: Double, text: String) {
    #expect(LegacyProgress.time(seconds) == text)
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")])
  func numbersAreGrouped(value: Int, text: String) {
    #expect(LegacyProgress.grouped(value) == text)
  }

  @Test(arguments: [
    ("plain", "plain"), ("a,b", "\"a,b\""), ("say \"hi\"", "\"say \"\"hi\"\"\""), ("", ""),
    ("two\nlines", "\"two\nlines\""), (" space", "\" space\""), ("é", "é"),
    ("a\r\nb", "\"a\r\nb\""),
  ])
  func fieldsAreQuotedWhereTheyHaveToBe(text: String, field: String) {
    #expect(LegacyCSV.field(text) == field)
  }

  @Test func aLineHasEveryField() {
    let change = LegacyChange(
      table: "jobs", recordID: 7, column: "job_serial", old: nil, new: "J202500007",
      reason: "without-identifier")
    #expect(LegacyCSV.header == "table,id,column,old,new,reason\r\n")
    #expect(LegacyCSV.line(change) == "jobs,7,job_serial,,J202500007,without-identifier\r\n")
  }

  @Test(arguments: [
    ("JOB-2025-000001", 2025, 1), ("J20250001", 2025, 1), ("J202500001", 2025, 1),
    ("JOB-2025-123456", 2025, 123_456), ("J202512345", 2025, 12_345),
  ])
  func theOracleReadsEveryForm(text: String, year: Int, number: Int) {
    let parts = LegacyOracle.parse(text, long: "JOB", short: "J")
    #expect(parts?.year == year)
    #expect(parts?.number == number)
  }
}
