import Foundation

/// Numbers a second, averaged so that what is older counts exponentially less.
public struct DecayingRate: Sendable, Equatable {
  /// After this time a number counts 1/e, in milliseconds; at least 1.
  public let timeConstantMilliseconds: Int
  private var mass: Double = 0
  private var updatedAt: Instant?

  public init(timeConstantMilliseconds: Int) {
    self.timeConstantMilliseconds = max(1, timeConstantMilliseconds)
  }

  public mutating func add(_ count: Int, at now: Instant) {
    mass = decayedMass(at: now) + Double(count)
    updatedAt = now
  }

  /// Numbers a second at `now`; 0 before the first.
  public func perSecond(at now: Instant) -> Double {
    decayedMass(at: now) * 1000 / Double(timeConstantMilliseconds)
  }

  private func decayedMass(at now: Instant) -> Double {
    guard let updatedAt else { return 0 }
    let elapsed = max(0, now.milliseconds(since: updatedAt))
    return mass * exp(-Double(elapsed) / Double(timeConstantMilliseconds))
  }
}
