import Foundation
import LeaseCore

/// One caller's request, from its arrival to its answer.
extension Allocator {
  struct Waiter {
    /// Tells this caller from another that used the same request id.
    let ticket: UUID
    let startedAt: ContinuousClock.Instant
    let continuation: CheckedContinuation<Answer, Never>
  }

  /// What became of a request in one machine.
  enum Answer: Sendable {
    case allocated(Allocation)
    case refused(MachineAction.Refusal)
    case failed(AllocationError)
  }

  public func allocate(_ request: AllocationRequest) async throws(AllocationError) -> Allocation {
    let deadline = clock.now().advanced(byMilliseconds: settings.requestDeadlineMilliseconds)
    guard let key = request.key else { return try get(await issue(request, by: deadline)) }
    return try await allocate(
      request, owner: KeyOwner(subject: request.subject, key: key), by: deadline)
  }

  /// How long after a key was found taken it is looked up again, in milliseconds.
  private static let keyRetryMilliseconds = 20

  /// With a key: the numbers that it has, or new ones that it gets in the commit's own transaction.
  private func allocate(
    _ request: AllocationRequest, owner: KeyOwner, by deadline: Instant
  ) async throws(AllocationError) -> Allocation {
    if let error = refusal(of: request) { throw error }
    while true {
      switch try await resolve(owner) {
      case .used(let counter, let blocks):
        return Allocation(counter: counter, blocks: blocks, node: settings.node, isReplay: true)
      case .reused:
        throw AllocationError(
          .keyReused,
          detail: "The idempotency key was used for another request of this subject: another count "
            + "or another year. Use a new key for a new request.")
      case .unused: break
      }
      let answer = await issue(request, by: deadline)
      // Somebody with the same key was quicker: what he got is the answer.
      guard case .refused(.keyTaken) = answer, clock.now() < deadline else {
        return try get(answer)
      }
      // Its transaction may still be under way: until it ends the key looks unused.
      guard (try? await clock.sleep(Self.keyRetryMilliseconds)) != nil else {
        throw AllocationError(.cancelled, detail: "The caller went away.")
      }
    }
  }

  /// Asks the machine of the request's stream; that of the reserve when only this is left and the
  /// caller may use it.
  private func issue(_ request: AllocationRequest, by deadline: Instant) async -> Answer {
    let stream = IssueStream(kind: request.kind, namedYear: request.year)
    let answer = await ask(stream, request, by: deadline)
    guard case .refused(.reserveOnly) = answer, request.mayUseReserve else { return answer }
    let reserve = IssueStream(kind: request.kind, namedYear: request.year, usesReserve: true)
    return await ask(reserve, request, by: deadline)
  }

  private func ask(
    _ stream: IssueStream, _ request: AllocationRequest, by deadline: Instant
  ) async -> Answer {
    let ticket = UUID()
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        begin(request, on: stream, by: deadline, ticket: ticket, continuation)
      }
    } onCancel: {
      commands.yield(.cancel(stream, request.id, ticket: ticket))
    }
  }

  private func begin(
    _ request: AllocationRequest, on stream: IssueStream, by deadline: Instant, ticket: UUID,
    _ continuation: CheckedContinuation<Answer, Never>
  ) {
    if let error = refusal(of: request) {
      continuation.resume(returning: .failed(error))
      return
    }
    if Task.isCancelled {
      continuation.resume(
        returning: .failed(AllocationError(.cancelled, detail: "The caller went away.")))
      return
    }
    waiters[request.id] = Waiter(ticket: ticket, startedAt: .now, continuation: continuation)
    let asked = Request(
      id: request.id, subject: request.subject, count: request.count, deadline: deadline,
      key: request.key, records: request.records)
    apply(to: stream) { $0.requested(asked, at: $1) }
  }

  /// Why a request is not even asked for; nil when it may be.
  private func refusal(of request: AllocationRequest) -> AllocationError? {
    if let problem = problem(with: request) {
      return AllocationError(.invalidRequest, detail: problem)
    }
    if hasEnded { return Self.error(for: .draining, node: settings.node) }
    if !isDraining, state != .superseded, let error = history.journalError { return error }
    if case .starting(let why) = state {
      return AllocationError(
        .coordinatorUnavailable, detail: "The node is starting: \(why).", retryAfterSeconds: 1)
    }
    return nil
  }

  /// What the coordinator would refuse, and with it everybody in the same statement.
  private func problem(with request: AllocationRequest) -> String? {
    guard AllocationRequest.countRange.contains(request.count) else {
      return "count \(request.count) is not within 1...1000"
    }
    let bytes = request.subject.utf8
    guard (1...200).contains(bytes.count), !bytes.contains(0) else {
      return "the subject has \(bytes.count) bytes, expected 1...200 without NUL"
    }
    let years = AllocationRequest.firstYear...(clock.year() + 1)
    if let year = request.year, !years.contains(year) {
      return "year \(year) is not within \(years.lowerBound)...\(years.upperBound)"
    }
    if let problem = problem(withRecordsOf: request) { return problem }
    return waiters[request.id] == nil ? nil : "request id \(request.id) is in use"
  }

  private func problem(withRecordsOf request: AllocationRequest) -> String? {
    guard request.records.isEmpty || request.records.count == request.count else {
      return "\(request.records.count) records for \(request.count) numbers"
    }
    let withNul = request.records.firstIndex { $0.utf8.contains(0) }
    return withNul.map { "record \($0 + 1) has a NUL" }
  }

  func resume(_ id: RequestID, _ answer: Answer) {
    guard let waiter = waiters.removeValue(forKey: id) else { return }
    metrics.allocated(in: waiter.startedAt.duration(to: .now))
    waiter.continuation.resume(returning: answer)
  }

  func cancel(_ id: RequestID, on stream: IssueStream, ticket: UUID) {
    guard waiters[id]?.ticket == ticket else { return }
    apply(to: stream) { $0.cancelled(id, at: $1) }
    resume(id, .failed(AllocationError(.cancelled, detail: "The caller went away.")))
  }

  private func get(_ answer: Answer) throws(AllocationError) -> Allocation {
    switch answer {
    case .allocated(let allocation): return allocation
    case .refused(.coordinatorUnavailable):
      throw history.journalError ?? Self.error(for: .coordinatorUnavailable, node: settings.node)
    case .refused(let refusal): throw Self.error(for: refusal, node: settings.node)
    case .failed(let error): throw error
    }
  }
}
