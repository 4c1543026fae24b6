/// The steps of a seed, or some of them.
public struct Schedule: Sendable, Equatable {
  public let options: SimulationOptions
  /// Which of the seed's steps these are, from 0 on, in order.
  public let places: [Int]
  public let steps: [Step]

  /// All steps of a seed.
  public init(seed: UInt64) {
    options = SimulationOptions(seed: seed)
    var random = SeededGenerator(seed: seed)
    steps = (0..<options.steps).map { _ in Step.draw(&random) }
    places = Array(steps.indices)
  }

  private init(options: SimulationOptions, places: [Int], steps: [Step]) {
    self.options = options
    self.places = places
    self.steps = steps
  }

  /// Only those of its steps that have one of these places.
  public func keeping(_ wanted: [Int]) -> Schedule {
    let wanted = Set(wanted)
    let kept = zip(places, steps).filter { wanted.contains($0.0) }
    return Schedule(options: options, places: kept.map(\.0), steps: kept.map(\.1))
  }
}
