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
    static let mostNeighbours = 4

    let kind: Violation.Kind
    let bug: PlantedBug?
    var best: Schedule
    var violation: Violation
    var attempts = 0

    /// Leaves out parts, half of the steps first, then smaller ones; at last any few neighbours,
    /// until neither they nor any single step can go.
    mutating func run() async {
      if let step = violation.step { await keep(best.places.filter { $0 <= step }) }
      var size = best.places.count / 2
      while size > Self.mostNeighbours {
        await leaveOut(size, at: size)
        size /= 2
      }
      var before = best.places.count + 1
      while best.places.count < before {
        before = best.places.count
        for size in (1...Self.mostNeighbours).reversed() { await leaveOut(size, at: 1) }
      }
    }

    /// Tries to do without so many steps in a row, wherever they are; after each failure it goes on
    /// by a distance.
    private mutating func leaveOut(_ size: Int, at distance: Int) async {
      var start = 0
      while start < best.places.count {
        let end = min(start + size, best.places.count)
        let rest = Array(best.places[..<start] + best.places[end...])
        if !(await keep(rest)) { start += distance }
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
