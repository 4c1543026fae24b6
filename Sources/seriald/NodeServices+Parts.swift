import Allocator
import Coordinator
import LibPQ
import Logging
import ServiceLifecycle

/// Keeps a pool of connections until the parts that use it have ended.
struct PoolService: Service {
  let pool: ConnectionPool

  func run() async {
    await cancelWhenGracefulShutdown { await pool.run() }
  }
}

/// Runs the allocator, and gives its leases back when the node shuts down.
struct AllocatorService: Service {
  let allocator: Allocator
  let schema: SchemaGate
  let drainMilliseconds: Int
  let logger: Logger

  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await schema.wait(allocator, logger: logger)
        await allocator.run()
      }
      group.addTask { try await gracefulShutdown() }
      // Whichever comes first: a shutdown, or a schema that this binary does not know.
      try await group.next()
      await drain()
      group.cancelAll()
    }
  }

  /// Bounded: what cannot be given back in time comes back when the leases expire.
  private func drain() async {
    let isDrained = await withTaskGroup(of: Bool.self) { group in
      group.addTask { (try? await allocator.drain()) != nil }
      group.addTask {
        try? await ContinuousClock().sleep(for: .milliseconds(drainMilliseconds))
        return false
      }
      let first = await group.next() ?? false
      group.cancelAll()
      return first
    }
    if isDrained {
      logger.info("every lease was given back")
    } else {
      logger.warning("not every lease was given back in time: the rest expires")
    }
  }
}

/// Lets the allocator start only on a schema that this binary works with.
struct SchemaGate: Sendable {
  static let retryMilliseconds = 250

  let pool: ConnectionPool
  let cluster: PostgresReading
  let node: String
  let region: String?
  let callMilliseconds: Int

  /// Waits for the coordinator, and throws when its schema or this node's enrolment is wrong.
  func wait(_ allocator: Allocator, logger: Logger) async throws {
    var lastDetail = ""
    while true {
      do throws(CoordinatorError) {
        try await SchemaVersion.check(pool, callMilliseconds: callMilliseconds)
        try await checkRegion()
        return
      } catch {
        guard error.code != .rejected else {
          throw CommandFailure(description: error.detail)
        }
        await allocator.waits(for: error.detail)
        if error.detail != lastDetail {
          logger.warning("waiting for the coordinator", metadata: ["detail": "\(error.detail)"])
          lastDetail = error.detail
        }
      }
      try await ContinuousClock().sleep(for: .milliseconds(Self.retryMilliseconds))
    }
  }

  private func checkRegion() async throws(CoordinatorError) {
    guard let entry = try await cluster.nodes().first(where: { $0.node == node }) else {
      throw CoordinatorError(
        .rejected, detail: "node \(node) is not enrolled: run `seriald enroll \(node)`")
    }
    if let region, entry.region != region {
      throw CoordinatorError(
        .rejected,
        detail: "SERIAL_NODE_REGION is \(region), and node \(node) is enrolled in \(entry.region)")
    }
  }
}
