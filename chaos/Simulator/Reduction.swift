/// Makes a failing schedule short: delta debugging over its steps.
public struct Reduction: Sendable {
  /// Every step of it is needed: without any one of them it does not fail in this way.
  public let schedule: Schedule
  public let violation: Violation
  /// Schedules that were tried.
  public let attempts: Int

  /// Nil when the schedule does not fail.
  package static func reduce(_ schedule: Schedule, bug: PlantedBug? = nil) async -> Reduction? {
    guard let violation = await Simulator.run(schedule, bug: bug).violation else { return nil }
    var search = Search(kind: violation.kind, bug: bug, best: schedule, violation: violation)
    await search.run()
    return Reduction(
      schedule: search.best, violation: search.violation, attempts: search.attempts + 1)
  }

  private struct Search {
    let kind: Violation.Kind
    let bug: PlantedBug?
    var best: Schedule
    var violation: Violation
    var attempts = 0

    /// Leaves out parts, half of the steps first, then smaller ones, until no single step can go.
    mutating func run() async {
      if let step = violation.step { await keep(best.places.filter { $0 <= step }) }
      var size = max(1, best.places.count / 2)
      while !best.places.isEmpty {
        var start = 0
        var hasShrunk = false
        while start < best.places.count {
          let end = min(start + size, best.places.count)
          let rest = Array(best.places[..<start] + best.places[end...])
          if await keep(rest) { hasShrunk = true } else { start = end }
        }
        if size > 1 { size /= 2 } else if !hasShrunk { return }
      }
    }

    /// Whether the schedule fails in the same way with only these steps.
    @discardableResult
    private mutating func keep(_ places: [Int]) async -> Bool {
      let candidate = best.keeping(places)
      attempts += 1
      guard let found = await Simulator.run(candidate, bug: bug).violation, found.kind == kind
      else { return false }
      best = candidate
      violation = found
      return true
    }
  }
}
