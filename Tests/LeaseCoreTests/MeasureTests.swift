import Foundation
import LeaseCore
import Testing

/// The small values that sizes, waits and forecasts are made of.
struct MeasureTests {
  // MARK: - Rate and round trip

  @Test func aRateOfNothingIsZeroAndABurstCountsAtOnce() {
    var rate = DecayingRate(timeConstantMilliseconds: 10_000)
    #expect(rate.perSecond(at: at(5_000)) == 0)
    rate.add(100, at: at(0))
    #expect(rate.perSecond(at: at(0)) == 10)
    rate.add(100, at: at(0))
    #expect(rate.perSecond(at: at(0)) == 20)
    #expect(abs(rate.perSecond(at: at(10_000)) - 20 / 2.718_281_8) < 0.000_1)
    #expect(rate.perSecond(at: at(10_000_000)) < 0.000_001)
  }

  @Test func aTimeConstantOfNothingIsOneMillisecond() {
    var rate = DecayingRate(timeConstantMilliseconds: 0)
    #expect(rate.timeConstantMilliseconds == 1)
    rate.add(3, at: at(0))
    #expect(rate.perSecond(at: at(0)) == 3_000)
  }

  @Test func theFirstRoundTripCountsWholeAndEachLaterOneAFifth() {
    var trip = RoundTrip()
    #expect(trip.milliseconds == 0)
    trip.add(milliseconds: 100)
    #expect(trip.milliseconds == 100)
    trip.add(milliseconds: 200)
    #expect(trip.milliseconds == 120)
    trip.add(milliseconds: -80)
    #expect(trip.milliseconds == 96, "a clock that steps back measures nothing")
    var quick = RoundTrip()
    quick.add(milliseconds: 0)
    quick.add(milliseconds: 100)
    #expect(quick.milliseconds == 20, "a first answer within a millisecond is one, too")
  }

  // MARK: - Commit-ahead

  @Test func commitAheadIsOffUnlessAskedFor() {
    #expect(CommitAhead.none.target(ratePerSecond: 1_000, roundTripMilliseconds: 1_000) == 0)
  }

  @Test func commitAheadIsTwoRoundTripsOfNumbersWithinItsBounds() {
    let ahead = CommitAhead(floor: 5, largest: 40)
    #expect(ahead.target(ratePerSecond: 0, roundTripMilliseconds: 100) == 5)
    #expect(ahead.target(ratePerSecond: 100, roundTripMilliseconds: 0) == 5)
    #expect(ahead.target(ratePerSecond: 20, roundTripMilliseconds: 100) == 5)
    #expect(ahead.target(ratePerSecond: 100, roundTripMilliseconds: 100) == 20)
    #expect(ahead.target(ratePerSecond: 104.9, roundTripMilliseconds: 100) == 20)
    #expect(ahead.target(ratePerSecond: 10_000, roundTripMilliseconds: 100) == 40)
    #expect(ahead.target(ratePerSecond: .infinity, roundTripMilliseconds: 100) == 5)
    #expect(ahead.target(ratePerSecond: -3, roundTripMilliseconds: 100) == 5)
    let adaptive = CommitAhead(floor: 0, largest: 40)
    #expect(adaptive.target(ratePerSecond: 10, roundTripMilliseconds: 49) == 0)
    #expect(adaptive.target(ratePerSecond: 10, roundTripMilliseconds: 50) == 1)
    // an operator's floor is not bounded by what the rate may ask for
    let floor = CommitAhead(floor: 500, largest: 10)
    #expect(floor.target(ratePerSecond: 1_000, roundTripMilliseconds: 100) == 500)
  }

  @Test func commitAheadStaysWithinACounter() {
    let ahead = CommitAhead(floor: 1_000_000, largest: -1)
    #expect(ahead.floor == 99_999)
    #expect(ahead.largest == 0)
    #expect(CommitAhead(floor: -1, largest: 1_000_000) == CommitAhead(floor: 0, largest: 99_999))
  }

  // MARK: - Forecast

  @Test func aSteadyRateIsGoneOnWith() throws {
    let numbers = Dictionary(uniqueKeysWithValues: (1...28).map { ($0, 100) })
    let forecast = Forecast(dailyNumbers: numbers, remaining: 1_000, daysLeftInYear: 100)
    #expect(abs(forecast.ratePerDay - 100) < 0.001)
    let days = try #require(forecast.exhaustedAfterDays)
    #expect(abs(days - 10) < 0.001)
    let longer = Forecast(dailyNumbers: numbers, remaining: 1_000, daysLeftInYear: 9.9)
    #expect(longer.exhaustedAfterDays == nil, "the year ends before")
    #expect(longer.ratePerDay == forecast.ratePerDay)
  }

  @Test func whatIsAWeekOlderCountsHalf() {
    let recent = Forecast(dailyNumbers: [1: 80, 8: 10], remaining: 1, daysLeftInYear: 1)
    let old = Forecast(dailyNumbers: [1: 10, 8: 80], remaining: 1, daysLeftInYear: 1)
    // the weights of eight days, the oldest of them half of the newest
    let sum = (0...7).reduce(0) { $0 + weight($1) }
    #expect(abs(recent.ratePerDay - (80 + 5) / sum) < 0.001)
    #expect(abs(old.ratePerDay - (10 + 40) / sum) < 0.001)
  }

  @Test func aBurstOfTodayShowsAtOnceAndAQuietMorningDoesNot() {
    let days = Dictionary(uniqueKeysWithValues: (1...7).map { ($0, 50) })
    let quiet = Forecast(
      dailyNumbers: days.merging([0: 3]) { $1 }, remaining: 1_000, daysLeftInYear: 100)
    #expect(abs(quiet.ratePerDay - 50) < 0.001)
    let burst = Forecast(
      dailyNumbers: days.merging([0: 900]) { $1 }, remaining: 1_000, daysLeftInYear: 100)
    #expect(burst.ratePerDay == 900)
    let first = Forecast(dailyNumbers: [0: 10], remaining: 50, daysLeftInYear: 100)
    #expect(first.exhaustedAfterDays == 5)
  }

  @Test func daysBeforeTheFirstNumberDoNotCountAndDaysWithoutAnyDo() {
    let forecast = Forecast(dailyNumbers: [2: 90], remaining: 1, daysLeftInYear: 1)
    // yesterday none, the day before 90
    #expect(abs(forecast.ratePerDay - 90 * weight(1) / (1 + weight(1))) < 0.001)
    let old = Forecast(dailyNumbers: [29: 90], remaining: 1, daysLeftInYear: 1)
    #expect(old.ratePerDay == 0, "it looks back 28 days")
  }

  @Test func nothingIssuedOrNoYearLeftHasNoEnd() {
    #expect(
      Forecast(dailyNumbers: [:], remaining: 0, daysLeftInYear: 100).exhaustedAfterDays == nil)
    let days = [1: 10]
    #expect(
      Forecast(dailyNumbers: days, remaining: 5, daysLeftInYear: 0).exhaustedAfterDays == nil)
    #expect(
      Forecast(dailyNumbers: days, remaining: 0, daysLeftInYear: 1).exhaustedAfterDays == 0)
    #expect(
      Forecast(dailyNumbers: days, remaining: -3, daysLeftInYear: 1).exhaustedAfterDays == 0)
  }

  // MARK: - Idempotency keys

  @Test func aKeyHasOneTo200BytesWithoutControlCharacters() throws {
    func key(_ text: String) -> IdempotencyKey? {
      IdempotencyKey(route: "POST /", key: text, requestHash: "digest")
    }
    #expect(key("") == nil)
    #expect(key("k")?.key == "k")
    #expect(key(String(repeating: "k", count: 200)) != nil)
    #expect(key(String(repeating: "k", count: 201)) == nil)
    // bytes count, not characters
    #expect(key(String(repeating: "\u{e9}", count: 100)) != nil)
    #expect(key(String(repeating: "\u{e9}", count: 101)) == nil)
    for control in ["\u{0}", "\t", "\n", "\r\n", "\u{1f}", "\u{7f}", "\u{85}"] {
      #expect(key("a" + control + "b") == nil)
    }
    #expect(key(" with spaces, and \u{20ac} ") != nil)
    // a key is told apart by its route and by what it was used for
    let one = try #require(key("k"))
    #expect(one != IdempotencyKey(route: "PUT /", key: "k", requestHash: "digest"))
    #expect(one != IdempotencyKey(route: "POST /", key: "k", requestHash: "other"))
  }

  private func at(_ milliseconds: Int64) -> Instant { Instant(milliseconds: milliseconds) }

  /// What a day counts that is so many days older than yesterday: half after seven.
  private func weight(_ days: Int) -> Double { exp2(-Double(days) / 7) }
}
