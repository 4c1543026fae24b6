import ChaosHistory
import ChaosVerdict
import Testing

/// A run over the end of a year.
struct YearTests {
  /// 2027-01-01 00:00:00 UTC.
  private static let midnight = 1_798_761_600.0

  /// Violations of one request from `start` to `end`, in seconds since the run began, that was answered
  /// with a serial of `year`; the coordinator's clock is sampled at times with what it shows, in seconds
  /// since midnight.
  private func kinds(
    _ year: Int, from start: Double, to end: Double, startedAt: Double = 0,
    samples: [(at: Double, shows: Double)]
  ) -> [String] {
    var sample = Sample()
    sample.run.startedAt = Self.midnight + startedAt
    let serial = "J\(year)00001"
    var request = Sample.operation("c1", "eu-1", .jobs, at: 0, .ok([serial]))
    (request.start, request.end) = (Int(start * 1e6), Int(end * 1e6))
    sample.operations = [request]
    sample.ledgers = samples.map { at, shows in
      var ledger = Sample.ledger(Sample.jobs, at: 0, issued: 0)
      (ledger.at, ledger.clock) = (Int(at * 1e6), Self.midnight + shows)
      return ledger
    }
    sample.finals = []
    return Verdict.judge(sample.history).wrongYear.map(\.kind)
  }

  @Test func theYearIsThatOfTheCoordinatorsClock() {
    let samples = [(at: 0.0, shows: -10.0), (at: 20.0, shows: 10.0)]
    #expect(kinds(2026, from: 1, to: 2, samples: samples) == [])
    #expect(kinds(2027, from: 1, to: 2, samples: samples) == ["wrong-year"])
    #expect(kinds(2026, from: 15, to: 16, samples: samples) == ["wrong-year"])
    #expect(kinds(2027, from: 15, to: 16, samples: samples) == [])
    // a request over midnight, and within a second of it
    #expect(kinds(2026, from: 8, to: 12, samples: samples) == [])
    #expect(kinds(2027, from: 8, to: 12, samples: samples) == [])
    #expect(kinds(2027, from: 8, to: 9.5, samples: samples) == [])
    #expect(kinds(2026, from: 10.5, to: 12, samples: samples) == [])
    #expect(kinds(2026, from: 11.5, to: 12, samples: samples) == ["wrong-year"])
    #expect(kinds(2025, from: 8, to: 12, samples: samples) == ["wrong-year"])
  }

  @Test func aClockThatWasSetMayHaveBeenSetAtAnyMomentInBetween() {
    let samples = [
      (at: 0.0, shows: -1_000.0), (at: 10.0, shows: -990.0), (at: 20.0, shows: 1_000.0),
      (at: 30.0, shows: 1_010.0),
    ]
    #expect(kinds(2027, from: 5, to: 6, samples: samples) == ["wrong-year"])
    for year in [2026, 2027] {
      #expect(kinds(year, from: 12, to: 13, samples: samples) == [])
    }
    #expect(kinds(2026, from: 25, to: 26, samples: samples) == ["wrong-year"])
    #expect(kinds(2026, from: 35, to: 36, samples: samples) == ["wrong-year"])
    #expect(kinds(2026, from: 5, to: 26, samples: samples) == [])
  }

  @Test func withoutSamplesItIsTheRunnersClock() {
    #expect(kinds(2026, from: 1, to: 2, startedAt: -10, samples: []) == [])
    #expect(kinds(2027, from: 1, to: 2, startedAt: -10, samples: []) == ["wrong-year"])
    #expect(kinds(2027, from: 11, to: 12, startedAt: -10, samples: []) == [])
  }

  @Test func aKeyKeepsItsYear() {
    var sample = Sample()
    sample.run.startedAt = Self.midnight - 0.1
    sample.ledgers = []
    sample.finals = []
    var late = Sample.operation("c1", "eu-1", .jobs, at: 9_000, key: "k", .ok(["J202600001"]))
    sample.operations = [
      Sample.operation("c1", "eu-1", .jobs, at: 10, key: "k", .unknown("timed out")), late,
    ]
    #expect(Verdict.judge(sample.history).wrongYear == [])
    late.key = "other"
    sample.operations[1] = late
    #expect(Verdict.judge(sample.history).wrongYear.count == 1)
  }

  /// An execution has its job's year.
  @Test func childrenAreOfAnyYear() {
    var sample = Sample()
    sample.operations[8] = Sample.operation(
      "c1", "eu-1", .execution, of: "J201900001", at: 900, .ok(["J201900001.0001"]))
    #expect(Verdict.judge(sample.history).violations == [])
  }
}
