public import ChaosCluster
import ChaosLoad

/// A scenario by name: what cluster it needs, and what it does to it.
public struct Scenario: Sendable {
  public let name: String
  /// What it shows, in one sentence.
  public let purpose: String
  public let options: ClusterOptions
  let load: LoadOptions
  /// Why this machine cannot run it; nil when it can.
  let obstacle: @Sendable () -> String?
  let play: @Sendable (Stage) async throws -> Void

  init(
    _ name: String, _ purpose: String, options: ClusterOptions = ClusterOptions(),
    load: LoadOptions = LoadOptions(),
    obstacle: @escaping @Sendable () -> String? = { nil },
    play: @escaping @Sendable (Stage) async throws -> Void
  ) {
    self.name = name
    self.purpose = purpose
    self.options = options
    self.load = load
    self.obstacle = obstacle
    self.play = play
  }

  /// All of them, in the order in which `make chaos` runs them.
  public static let all: [Scenario] = [
    leaseExpiry, zombieNode, lastNumber, killStorm, coordinatorRestart, partition, clockJump,
    newYear, certificateRotation, connectionLimit, cancelledWait, diskFull, lostCommits,
    capacity99999, capacity9999Executions, capacity9999Branches, everything,
  ]

  public static func named(_ name: String) -> Scenario? { all.first { $0.name == name } }
}
