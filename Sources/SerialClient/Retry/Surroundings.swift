import Foundation

/// Time, chance and names, as values, so that tests can give their own.
struct Surroundings: Sendable {
  /// How long ago something fixed was. It never steps back.
  let now: @Sendable () -> Duration
  /// A pause between attempts: returns at that time, throws when the task is cancelled.
  let pause: @Sendable (_ until: Duration) async throws -> Void
  /// The end of an attempt's time: returns then, throws when the task is cancelled.
  let timer: @Sendable (_ until: Duration) async throws -> Void
  /// 0..<1.
  let random: @Sendable () -> Double
  let newKey: @Sendable () -> String

  static var system: Surroundings {
    let clock = ContinuousClock()
    let start = clock.now
    let sleep: @Sendable (Duration) async throws -> Void = {
      try await clock.sleep(until: start + $0, tolerance: nil)
    }
    return Surroundings(
      now: { start.duration(to: clock.now) }, pause: sleep, timer: sleep,
      random: { Double.random(in: 0..<1) }, newKey: { UUID().uuidString.lowercased() })
  }
}
