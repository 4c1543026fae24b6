/// Waiting for something that only shows itself when looked at (a pid file, a port).
///
/// Each wait has a limit, and it ends the moment the condition holds.
enum Poll {
  /// Looks until `condition` holds; false when `limit` passed first.
  ///
  /// It goes on when the task is cancelled: it is used to end processes, which must not be left
  /// running because the one who started them was in a hurry. The limit bounds it.
  static func until(
    atMost limit: Duration, every step: Duration = .milliseconds(10),
    isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
  ) async rethrows -> Bool {
    let end = ContinuousClock.now + limit
    while true {
      if try await condition() { return true }
      if ContinuousClock.now >= end { return false }
      // A task of its own, since a cancelled task does not sleep and would spin.
      await Task { try? await Task.sleep(for: step) }.value
    }
  }
}
