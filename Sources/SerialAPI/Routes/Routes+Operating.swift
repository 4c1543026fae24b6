import Allocator
import Hummingbird
import LeaseCore
import Logging
import NIOCore
import SerialAuth
import SerialFormat

extension Routes {
  /// `POST /api/serials/{serial}/void`.
  func void(_ call: Call) async throws -> Response {
    let wish = try VoidRequest(call.body)
    let (counter, block) = try call.path.numbers(count: wish.count)
    let outcome = try await change(call) { cluster, subject throws(CoordinatorError) in
      try await cluster.void(block, of: counter, reason: wish.reason, by: subject)
    }
    return try ResponseJSON.response(ChangedResponse(changed: changed(outcome, counter)))
  }

  /// `POST /api/serials/{serial}/unvoid`.
  func unvoid(_ call: Call) async throws -> Response {
    let wish = try VoidRequest(call.body)
    let (counter, block) = try call.path.numbers(count: wish.count)
    let outcome = try await change(call) { cluster, subject throws(CoordinatorError) in
      try await cluster.unvoid(block, of: counter, reason: wish.reason, by: subject)
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
  func drain(_ call: Call) async throws -> Response {
    try EmptyRequest.check(call.body)
    let node = try call.path.node()
    let outcome = try await change(call) { cluster, subject throws(CoordinatorError) in
      try await cluster.drain(node: node, by: subject)
    }
    return try response(outcome, of: node)
  }

  /// `POST /api/nodes/{node}/retire`.
  func retire(_ call: Call) async throws -> Response {
    let reason = try ReasonRequest(call.body).reason
    let node = try call.path.node()
    let outcome = try await change(call) { cluster, subject throws(CoordinatorError) in
      try await cluster.retire(node: node, reason: reason, by: subject)
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
  func freeze(_ call: Call) async throws -> Response {
    let wish = try FreezeRequest(call.body)
    let counter = try call.path.counter()
    try await change(call) { cluster, subject throws(CoordinatorError) in
      try await cluster.freeze(
        counter, wish.frozen, reason: wish.reason, by: subject)
    }
    return try ResponseJSON.response(FrozenResponse(counter, frozen: wish.frozen))
  }

  /// `PUT /api/counters/{kind}/{year}/reserve`.
  func reserve(_ call: Call) async throws -> Response {
    let numbers = try ReserveRequest(call.body).numbers
    let counter = try call.path.counter()
    try await change(call) { cluster, subject throws(CoordinatorError) in
      try await cluster.setReserve(numbers, of: counter, by: subject)
    }
    return try ResponseJSON.response(ReserveResponse(counter, reserve: numbers))
  }

  /// `PUT /api/quotas/{subject}`.
  func setQuota(_ call: Call) async throws -> Response {
    let wish = try QuotaRequest(call.body)
    return try await setQuota(
      call, of: try call.path.subject(), perMinute: wish.perMinute,
      perYear: wish.perYear)
  }

  /// `DELETE /api/quotas/{subject}`.
  func removeQuota(_ call: Call) async throws -> Response {
    try EmptyRequest.check(call.body)
    return try await setQuota(
      call, of: try call.path.subject(), perMinute: nil, perYear: nil)
  }

  private func setQuota(
    _ call: Call, of subject: String, perMinute: Int?, perYear: Int?
  ) async throws -> Response {
    try await change(call) { cluster, administrator throws(CoordinatorError) in
      try await cluster.setQuota(
        of: subject, perMinute: perMinute, perYear: perYear, by: administrator)
    }
    return try ResponseJSON.response(
      QuotaResponse(subject, perMinute: perMinute, perYear: perYear))
  }

  /// `PUT /api/grants`.
  func setGrants(_ call: Call) async throws -> Response {
    let wish = try GrantsRequest(call.body)
    try await change(call) { cluster, subject throws(CoordinatorError) in
      try await cluster.setRecovery(
        waitMilliseconds: wish.waitMilliseconds,
        failoverIsSynchronous: wish.failoverIsSynchronous, by: subject)
    }
    return try ResponseJSON.response(GrantSettingsResponse(wish))
  }

  /// `POST /api/grants/recover`.
  func recover(_ call: Call) async throws -> Response {
    let reason = try ReasonRequest(call.body).reason
    let nodes = try await change(call) { cluster, subject throws(CoordinatorError) in
      try await cluster.recover(reason: reason, by: subject)
    }
    return try ResponseJSON.response(RecoveredResponse(notReported: nodes.sorted()))
  }

  /// A change of the cluster by who sent the request, within its time. One that is late may still
  /// happen.
  private func change<Value: Sendable>(
    _ call: Call,
    _ work:
      @escaping @Sendable (any ClusterOperating, _ subject: String) async throws(CoordinatorError)
      -> Value
  ) async throws(Problem) -> Value {
    let operating = dependencies.operating
    let subject = try call.subject
    return try await ask(withinMilliseconds: limits.operateMilliseconds, for: .change) {
      () async throws(CoordinatorError) in try await work(operating, subject)
    }
  }
}
