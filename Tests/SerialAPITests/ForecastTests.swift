import Allocator
import Foundation
import HTTPTypes
import HummingbirdTesting
import LeaseCore
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

/// What `/api/capacity` and `/metrics` say of the end of a counter. The clock of the node stands at
/// noon of 29 May 2026, in all of them.
@Suite struct ForecastTests {
  static let job = Counter(kind: .job, year: 2026)
  static let target = Counter(kind: .target, year: 2026)

  let world: World

  init() async throws { world = try await World() }

  func capacity() async throws -> Answer {
    let token = try await world.token(.readCluster)
    return try await world.routed { client in
      try await client.send(.get, "/api/capacity", token: token)
    }
  }

  func entry(_ counter: Counter, free: Int, leased: Int = 0) -> LedgerEntry {
    LedgerEntry(
      counter: counter, capacity: 99_999, issued: 99_999 - free - leased, leased: leased,
      free: free, void: 0, reserve: 0, frozen: false)
  }

  func exhaustion(
    _ entry: LedgerEntry, numbersADay: Int, now: Date = FakeCluster.noon
  ) -> Date? {
    CounterForecasts(
      [DailyIssues(counter: entry.counter, daysAgo: 1, numbers: numbersADay)], now: now
    ).exhaustion(of: entry)
  }

  @Test func whatRunsOutHasARateAndAnInstant() async throws {
    // The fake has 87,553 free and 100 leased jobs: 87,653 at 87,653 a day last one day.
    world.cluster.setHistory([
      DailyIssues(counter: Self.job, daysAgo: 1, numbers: 87_653),
      DailyIssues(counter: Self.job, daysAgo: 0, numbers: 5),
      DailyIssues(counter: Counter(kind: .target, year: 2025), daysAgo: 1, numbers: 90_000),
    ])
    let answer = try await capacity()
    #expect(answer.text.contains("\"exhausted_at\":\"2026-05-30T12:00:00.250Z\""))
    #expect(answer.text.contains("\"rate_per_day\":87653,"))
    #expect(answer.text.contains("\"exhausted_at\":null"))
    let text = try await world.routed { try await $0.send(.get, "/metrics").text }
    let series = text.split(separator: "\n").filter {
      $0.hasPrefix("serial_exhaustion_timestamp_seconds")
    }
    #expect(
      series == ["serial_exhaustion_timestamp_seconds{kind=\"job\",year=\"2026\"} 1780142400.25"])
  }

  @Test func whatLastsUntilTheYearEndsDoesNotRunOut() async throws {
    // From noon of 29 May to the end of the year there are 216.5 days.
    let left = entry(Self.job, free: 21_640)
    #expect(exhaustion(left, numbersADay: 100) != nil)
    #expect(exhaustion(left, numbersADay: 99) == nil)
    #expect(exhaustion(left, numbersADay: 0) == nil)
  }

  @Test func leasedNumbersCanStillBeIssued() {
    let date = exhaustion(entry(Self.job, free: 5, leased: 5), numbersADay: 10)
    #expect(date == FakeCluster.noon.addingTimeInterval(86_400))
  }

  @Test func aYearThatIsOverRunsOutNoMoreAndTheNextOneHasItsOwnEnd() {
    let old = entry(Counter(kind: .job, year: 2025), free: 10)
    #expect(exhaustion(old, numbersADay: 10) == nil)
    // 581.5 days until 2027 ends.
    let next = entry(Counter(kind: .job, year: 2027), free: 58_000)
    #expect(exhaustion(next, numbersADay: 100) != nil)
    #expect(exhaustion(next, numbersADay: 99) == nil)
  }

  @Test func theYearEndsInUTC() {
    let lastSecond = Date(timeIntervalSince1970: 1_798_761_599)
    let left = entry(Self.target, free: 1)
    #expect(exhaustion(left, numbersADay: 86_400, now: lastSecond) != nil)
    #expect(
      exhaustion(left, numbersADay: 86_400, now: lastSecond.addingTimeInterval(1)) == nil)
  }

  @Test func ratesHaveTwoDecimals() async throws {
    world.cluster.setHistory([
      DailyIssues(counter: Self.target, daysAgo: 3, numbers: 10),
      DailyIssues(counter: Self.target, daysAgo: 1, numbers: 1),
    ])
    let answer = try await capacity()
    guard case .array(let counters) = answer["counters"], case .object(let members) = counters.last,
      case .number(let rate) = members.first(where: { $0.name == "rate_per_day" })?.value
    else {
      Issue.record("\(answer.text)")
      return
    }
    #expect(rate == "3.38")
  }

  @Test func metricsOfWhatIsAtRisk() async throws {
    let text = try await world.routed { try await $0.send(.get, "/metrics").text }
    #expect(text.contains("\nserial_at_risk_numbers{kind=\"job\"} 7\n"))
    #expect(text.contains("\nserial_at_risk_numbers{kind=\"target\"} 0\n"))
    #expect(!text.contains("\nserial_exhaustion_timestamp_seconds{"))
  }
}
