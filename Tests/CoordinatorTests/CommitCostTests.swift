import Allocator
import CoordinatorConformance
import DatabaseFixture
import Foundation
import LeaseCore
import Testing

struct CommitCostTests {
  /// Commits and renewals change no column of an index: the row's new version stays on its page.
  @Test func commitsAreHeapOnlyUpdates() async throws {
    try await PostgresHarness.run { harness in
      let process = try await TestProcess.boot("eu-1", on: harness)
      var held = try await process.lease(500)
      for _ in 0..<400 {
        try await process.commit(1, of: &held)
        _ = try await process.coordinator.renew([held.lease])
      }
      // statistics are sent when a backend has been idle for a moment: wait for them, not for luck
      var counted = (updates: 0, hot: 0)
      let clock = ContinuousClock()
      let limit = clock.now + .seconds(60)
      while counted.updates < 800, clock.now < limit {
        let text = try await harness.database.sql(
          "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relid = 'serial.leases'::regclass"
        ).trimmingCharacters(in: .whitespacesAndNewlines)
        let parts = text.split(separator: "|").compactMap { Int($0) }
        try #require(parts.count == 2)
        counted = (parts[0], parts[1])
        _ = try await process.coordinator.renew([])
      }
      #expect(counted.updates >= 800)
      // a page that is full sends a version elsewhere before it is pruned: rare, and not zero
      #expect(Double(counted.hot) >= 0.95 * Double(counted.updates), "\(counted)")
    }
  }
}
