import ChaosHistory

/// What the coordinator's clock may have shown at a moment of the run. It is known where the ledger was
/// sampled. In between the clock may have been set, so that what the sample before says and what the
/// one after says are both possible.
struct CoordinatorClock {
  /// Seconds by which the coordinator and the runner may differ beyond what the samples say.
  private static let slack = 1.0

  private let samples: [(at: Int, offset: Double)]

  /// - Parameter startedAt: what the clock shows at 0 when there are no samples.
  init(_ ledgers: [LedgerSample], startedAt: Double) {
    let known = ledgers.map { (at: $0.at, offset: $0.clock - Double($0.at) / 1_000_000) }
    samples = known.isEmpty ? [(0, startedAt)] : known.sorted { $0.at < $1.at }
  }

  /// The one year that the clock can have shown from `start` to `end`; nil when there are several.
  func onlyYear(from start: Int, to end: Int) -> Int? {
    let offsets = samples.map(\.offset)
    guard let least = offsets.min(), let most = offsets.max() else { return nil }
    let years = Self.years(from: start, to: end, least, most)
    return years.count == 1 ? years.lowerBound : nil
  }

  /// Whether the clock can have shown a moment of this year between `start` and `end`.
  func canShow(_ year: Int, from start: Int, to end: Int) -> Bool {
    // the stretch number `index` ends with the sample of that number
    var index = samples.firstPlace { $0.at >= start }
    while index == 0 || (index <= samples.count && samples[index - 1].at <= end) {
      var (from, to) = (start, end)
      if index > 0 { from = max(from, samples[index - 1].at) }
      if index < samples.count { to = min(to, samples[index].at) }
      for place in [index - 1, index] where samples.indices.contains(place) {
        let offset = samples[place].offset
        if Self.years(from: from, to: to, offset, offset).contains(year) { return true }
      }
      index += 1
    }
    return false
  }

  private static func years(
    from start: Int, to end: Int, _ least: Double, _ most: Double
  ) -> ClosedRange<Int> {
    let first = year(Double(start) / 1_000_000 + least - slack)
    return first...max(first, year(Double(end) / 1_000_000 + most + slack))
  }

  /// The year, in UTC, of a moment in seconds since 1970.
  static func year(_ seconds: Double) -> Int {
    guard abs(seconds) < 1e13 else { return 0 }
    let day = Int((seconds / 86_400).rounded(.down))
    // days since 1 March of the year 0, in eras of 400 years; a year begins with March
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let ofEra = shifted - era * 146_097
    let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // January and February are its days from 306 on
    return yearOfEra + era * 400 + (ofYear >= 306 ? 1 : 0)
  }
}

extension Array {
  /// The first place from which on `holds` is true; it must be false for all before.
  func firstPlace(where holds: (Element) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
