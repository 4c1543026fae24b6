import ArgumentParser

/// How long a command waits for what takes its time.
struct WaitOptions: ParsableArguments {
  @Option(help: "How long to wait, in seconds, 0...3600.")
  var waitSeconds = 60

  func validate() throws {
    guard (0...3600).contains(waitSeconds) else {
      throw ValidationError("--wait-seconds is \(waitSeconds): expected 0...3600")
    }
  }

  private static let pause = Duration.milliseconds(500)

  /// Asks until `attempt` gives a value, and says on the way why it has not yet. It gives up with the
  /// last of these reasons.
  func wait<Value>(_ attempt: () async throws -> Attempt<Value>) async throws -> Value {
    let end = ContinuousClock.now + .seconds(waitSeconds)
    var said = ""
    while true {
      switch try await attempt() {
      case .done(let value): return value
      case .notYet(let reason):
        guard ContinuousClock.now + Self.pause < end else {
          throw ControlFailure(.unavailable, "gave up after \(waitSeconds) s: \(reason)")
        }
        if reason != said { note("waiting: \(reason)") }
        said = reason
        try await Task.sleep(for: Self.pause)
      }
    }
  }
}

enum Attempt<Value> {
  case done(Value)
  /// What it waits for.
  case notYet(String)
}
