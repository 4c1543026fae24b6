public import ChaosHistory
public import FaultProxy
import FoundationEssentials
public import LocalCluster

/// A node: its process, the way to the coordinator, and its clock.
public struct ClusterNode: Sendable {
  public let facts: NodeFacts
  public let process: NodeProcess
  /// Between the node and the coordinator.
  public let proxy: FaultProxy
  /// Nil unless clocks are moved in this run.
  public let clock: FakeClock?
  /// The delay each way that its region always has.
  let latency: Int

  public var name: String { facts.name }

  public var url: String { "http://127.0.0.1:\(process.configuration.port)" }

  /// The way as it is without faults.
  public func restoreWay() async throws {
    try await proxy.heal()
    await slow(by: 0)
  }

  /// Adds a delay each way to that of the region, with half of it as jitter.
  public func slow(by milliseconds: Int, bytesPerSecond: Int? = nil) async {
    let shaping = Shaping(
      latencyMilliseconds: latency + milliseconds, jitterMilliseconds: milliseconds / 2,
      bytesPerSecond: bytesPerSecond)
    for direction in Direction.allCases { await proxy.shape(direction, shaping) }
  }
}
