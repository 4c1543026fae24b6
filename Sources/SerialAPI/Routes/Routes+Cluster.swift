import Allocator
import Hummingbird

extension Routes {
  /// `GET /api/capacity`.
  func capacity() async throws -> Response {
    let (ledger, history) = try await read { cluster throws(CoordinatorError) in
      (try await cluster.ledger(), try await cluster.history())
    }
    let forecasts = CounterForecasts(history, now: dependencies.now())
    return try ResponseJSON.response(CapacityResponse(ledger, forecasts))
  }

  /// `GET /api/nodes`.
  func nodes() async throws -> Response {
    let nodes = try await read { cluster throws(CoordinatorError) in try await cluster.nodes() }
    return try ResponseJSON.response(NodesResponse(nodes))
  }

  /// `GET /api/leases`.
  func leases() async throws -> Response {
    let leases = try await read { cluster throws(CoordinatorError) in try await cluster.leases() }
    return try ResponseJSON.response(LeasesResponse(leases))
  }

  /// A reading of the cluster, within its time; nil stands for that of a short one.
  func read<Value: Sendable>(
    withinMilliseconds limit: Int? = nil,
    _ work: @escaping @Sendable (any ClusterReading) async throws(CoordinatorError) -> Value
  ) async throws(Problem) -> Value {
    let cluster = dependencies.cluster
    return try await ask(withinMilliseconds: limit ?? limits.readMilliseconds, for: .reading) {
      () async throws(CoordinatorError) in try await work(cluster)
    }
  }
}
