import Allocator
import Hummingbird
import LeaseCore
import Logging
import NIOCore
import SerialAuth
import SerialFormat

/// What a request of an administrator carries.
struct Operation: Sendable {
  let body: ByteBuffer
  let context: APIContext
  let caller: Caller

  var path: PathFields { PathFields(context: context) }
  /// Who does it: it is written into the history.
  var subject: String { caller.subject }
}

extension Routes {
  /// The routes that change the cluster.
  func operate(_ route: Route, _ operation: Operation) async throws -> Response {
    switch route {
    case .voidSerial: return try await void(operation)
    case .unvoidSerial: return try await unvoid(operation)
    case .drainNode: return try await drain(operation)
    case .retireNode: return try await retire(operation)
    case .freezeCounter: return try await freeze(operation)
    case .reserveCounter: return try await reserve(operation)
    case .setQuota: return try await setQuota(operation)
    case .removeQuota: return try await removeQuota(operation)
    case .setGrants: return try await setGrants(operation)
    case .recoverGrants: return try await recover(operation)
    case .allocateJobs, .allocateTargets, .validateSerials, .showSerial, .capacity, .nodes,
      .leases, .gaps, .events, .verify, .quotas, .grants, .health, .ready, .metrics, .openAPI:
      throw Problem.unknownRoute(route.template)
    }
  }

  /// `POST /api/serials/{serial}/void`.
  private func void(_ operation: Operation) async throws -> Response {
    let wish = try VoidRequest(operation.body)
    let (counter, block) = try operation.path.numbers(count: wish.count)
    let outcome = try await change { cluster throws(CoordinatorError) in
      try await cluster.void(block, of: counter, reason: wish.reason, by: operation.subject)
    }
    return try ResponseJSON.response(ChangedResponse(changed: changed(outcome, counter)))
  }

  /// `POST /api/serials/{serial}/unvoid`.
  private func unvoid(_ operation: Operation) async throws -> Response {
    let wish = try VoidRequest(operation.body)
    let (counter, block) = try operation.path.numbers(count: wish.count)
    let outcome = try await change { cluster throws(CoordinatorError) in
      try await cluster.unvoid(block, of: counter, reason: wish.reason, by: operation.subject)
    }
    return try ResponseJSON.response(ChangedResponse(changed: changed(outcome, counter)))
  }

  /// How many numbers changed, or the problem that kept all of them as they were.
  private func changed(_ outcome: VoidOutcome, _ counter: Counter) throws -> Int {
    func serial(_ number: Int) throws(SerialError) -> Serial {
      try Serial(counter: counter.kind, year: counter.year, number: number)
    }
    switch outcome {
    case .done(let count): return count
    case .recorded(let number): throw Problem.recorded(try serial(number))
    case .leased(let number, let node): throw Problem.leased(try serial(number), by: node)
    case .notVoid(let number): throw Problem.notVoid(try serial(number))
    }
  }

  /// `POST /api/nodes/{node}/drain`.
  private func drain(_ operation: Operation) async throws -> Response {
    try EmptyRequest.check(operation.body)
    let node = try operation.path.node()
    let outcome = try await change { cluster throws(CoordinatorError) in
      try await cluster.drain(node: node, by: operation.subject)
    }
    return try response(outcome, of: node)
  }

  /// `POST /api/nodes/{node}/retire`.
  private func retire(_ operation: Operation) async throws -> Response {
    let reason = try ReasonRequest(operation.body).reason
    let node = try operation.path.node()
    let outcome = try await change { cluster throws(CoordinatorError) in
      try await cluster.retire(node: node, reason: reason, by: operation.subject)
    }
    return try response(outcome, of: node)
  }

  private func response(_ outcome: NodeOutcome, of node: String) throws -> Response {
    switch outcome {
    case .done, .already, .notRunning:
      return try ResponseJSON.response(
        NodeOutcomeResponse(node: node, outcome: outcome.rawValue))
    case .unknownNode: throw Problem(.notFound, "Node not found: \(node)")
    }
  }

  /// `PUT /api/counters/{kind}/{year}/frozen`.
  private func freeze(_ operation: Operation) async throws -> Response {
    let wish = try FreezeRequest(operation.body)
    let counter = try operation.path.counter()
    try await change { cluster throws(CoordinatorError) in
      try await cluster.freeze(
        counter, wish.frozen, reason: wish.reason, by: operation.subject)
    }
    return try ResponseJSON.response(FrozenResponse(counter, frozen: wish.frozen))
  }

  /// `PUT /api/counters/{kind}/{year}/reserve`.
  private func reserve(_ operation: Operation) async throws -> Response {
    let numbers = try ReserveRequest(operation.body).numbers
    let counter = try operation.path.counter()
    try await change { cluster throws(CoordinatorError) in
      try await cluster.setReserve(numbers, of: counter, by: operation.subject)
    }
    return try ResponseJSON.response(ReserveResponse(counter, reserve: numbers))
  }

  /// `PUT /api/quotas/{subject}`.
  private func setQuota(_ operation: Operation) async throws -> Response {
    let wish = try QuotaRequest(operation.body)
    return try await setQuota(
      operation, of: try operation.path.subject(), perMinute: wish.perMinute,
      perYear: wish.perYear)
  }

  /// `DELETE /api/quotas/{subject}`.
  private func removeQuota(_ operation: Operation) async throws -> Response {
    try EmptyRequest.check(operation.body)
    return try await setQuota(
      operation, of: try operation.path.subject(), perMinute: nil, perYear: nil)
  }

  private func setQuota(
    _ operation: Operation, of subject: String, perMinute: Int?, perYear: Int?
  ) async throws -> Response {
    try await change { cluster throws(CoordinatorError) in
      try await cluster.setQuota(
        of: subject, perMinute: perMinute, perYear: perYear, by: operation.subject)
    }
    return try ResponseJSON.response(
      QuotaResponse(subject, perMinute: perMinute, perYear: perYear))
  }

  /// `PUT /api/grants`.
  private func setGrants(_ operation: Operation) async throws -> Response {
    let wish = try GrantsRequest(operation.body)
    try await change { cluster throws(CoordinatorError) in
      try await cluster.setRecovery(
        waitMilliseconds: wish.waitMilliseconds,
        failoverIsSynchronous: wish.failoverIsSynchronous, by: operation.subject)
    }
    return try ResponseJSON.response(GrantSettingsResponse(wish))
  }

  /// `POST /api/grants/recover`.
  private func recover(_ operation: Operation) async throws -> Response {
    let reason = try ReasonRequest(operation.body).reason
    let nodes = try await change { cluster throws(CoordinatorError) in
      try await cluster.recover(reason: reason, by: operation.subject)
    }
    return try ResponseJSON.response(RecoveredResponse(notReported: nodes.sorted()))
  }

  /// A change of the cluster, within its time. One that is late may still happen.
  private func change<Value: Sendable>(
    _ work: @escaping @Sendable (any ClusterOperating) async throws(CoordinatorError) -> Value
  ) async throws(Problem) -> Value {
    let operating = dependencies.operating
    let limit = Duration.milliseconds(limits.operateMilliseconds)
    let outcome = await Deadline.within(limit) { () -> Result<Value, CoordinatorError> in
      do throws(CoordinatorError) {
        return .success(try await work(operating))
      } catch {
        return .failure(error)
      }
    }
    switch outcome {
    case .success(let value): return value
    case .failure(let error):
      dependencies.logger.log(
        level: error.code == .rejected ? .error : .warning, "changing the cluster failed",
        metadata: ["code": .string(error.code.rawValue), "reason": .string(error.detail)])
      throw Problem(operating: error)
    case nil:
      throw .operationUnknown
    }
  }
}
