import Allocator
import Hummingbird
import Logging

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
    let limit = Duration.milliseconds(limit ?? limits.readMilliseconds)
    let outcome = await Deadline.within(limit) { () -> Result<Value, CoordinatorError> in
      do throws(CoordinatorError) {
        return .success(try await work(cluster))
      } catch {
        return .failure(error)
      }
    }
    switch outcome {
    case .success(let value): return value
    case .failure(let error):
      dependencies.logger.log(
        level: error.code == .rejected ? .error : .debug, "reading the cluster failed",
        metadata: ["code": .string(error.code.rawValue), "reason": .string(error.detail)])
      throw Problem(reading: error)
    case nil:
      throw .coordinatorSlow
    }
  }
}
