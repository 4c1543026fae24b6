import Foundation
import LeaseCore
public import Logging
import SerialFormat

/// Owns the node's lease machines and runs their actions: every call of the coordinator is a child
/// task of `run()`, and its outcome is the machine's next event.
public actor Allocator: SerialIssuing {
  let settings: AllocatorSettings
  let coordinator: any LeaseCoordinating
  let clock: NodeClock
  let logger: Logger
  let metrics: AllocatorMetrics

  private var machines: [IssueStream: LeaseMachine] = [:]
  private var waiters: [RequestID: Waiter] = [:]
  var state: State = .starting("not registered yet")
  private nonisolated let commands: AsyncStream<Command>.Continuation
  private let commandStream: AsyncStream<Command>

  /// `starting` goes to `up`; `up` and `away` to each other; any of them to `superseded`, which ends.
  enum State: Equatable {
    case starting(String)
    case up
    case away(String)
    case superseded
  }

  private var isDraining = false
  /// `run()` has returned: nothing would ever answer a request.
  private var hasEnded = false

  enum Command: Sendable {
    case call(IssueStream, MachineAction)
    case cancel(IssueStream, RequestID, ticket: UUID)
  }

  private struct Waiter {
    /// Tells this caller from another that used the same request id.
    let ticket: UUID
    let startedAt: ContinuousClock.Instant
    let continuation: CheckedContinuation<Result<Allocation, AllocationError>, Never>
  }

  public init(
    settings: AllocatorSettings, coordinator: any LeaseCoordinating,
    clock: NodeClock = .continuous, logger: Logger
  ) {
    self.settings = settings
    self.coordinator = coordinator
    self.clock = clock
    self.logger = logger
    self.metrics = AllocatorMetrics()
    (commandStream, commands) = AsyncStream.makeStream()
  }

  // MARK: - Requests

  public func allocate(_ request: AllocationRequest) async throws(AllocationError) -> Allocation {
    let stream = IssueStream(kind: request.kind)
    let ticket = UUID()
    let result = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        begin(request, on: stream, ticket: ticket, continuation)
      }
    } onCancel: {
      commands.yield(.cancel(stream, request.id, ticket: ticket))
    }
    return try result.get()
  }

  private func begin(
    _ request: AllocationRequest, on stream: IssueStream, ticket: UUID,
    _ continuation: CheckedContinuation<Result<Allocation, AllocationError>, Never>
  ) {
    if let problem = problem(with: request) {
      let error = AllocationError(.invalidRequest, detail: problem)
      continuation.resume(returning: .failure(error))
      return
    }
    if hasEnded {
      let error = Self.error(for: .draining, node: settings.node)
      continuation.resume(returning: .failure(error))
      return
    }
    if Task.isCancelled {
      continuation.resume(returning: .failure(AllocationError(.cancelled, detail: "Cancelled.")))
      return
    }
    if case .starting(let why) = state {
      let error = AllocationError(
        .coordinatorUnavailable, detail: "The node is starting: \(why).", retryAfterSeconds: 1)
      continuation.resume(returning: .failure(error))
      return
    }
    let now = clock.now()
    waiters[request.id] = Waiter(ticket: ticket, startedAt: .now, continuation: continuation)
    let deadline = now.advanced(byMilliseconds: settings.requestDeadlineMilliseconds)
    let asked = Request(
      id: request.id, subject: request.subject, count: request.count, deadline: deadline)
    apply(to: stream) { $0.requested(asked, at: $1) }
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
    return waiters[request.id] == nil ? nil : "request id \(request.id) is in use"
  }

  public func readiness() -> Readiness {
    if isDraining { return .draining }
    switch state {
    case .starting(let why): return .starting(why)
    case .up: return .ready
    case .away(let why): return .coordinatorAway(why)
    case .superseded: return .superseded
    }
  }

  /// Says why the node is not registered yet; shown to callers until it is.
  public func waits(for reason: String) {
    if case .starting = state { state = .starting(reason) }
  }

  // MARK: - Running

  /// Runs the node until it is cancelled. Nothing is issued without it.
  public func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask { await self.keepTime() }
      group.addTask { await self.keepAlive() }
      group.addTask { await self.keepReaping() }
      for await command in commandStream {
        group.addTask { await self.execute(command) }
      }
      group.cancelAll()
    }
    hasEnded = true
    // Whoever still waits is answered: nothing more will be heard of the statements under way.
    let ids = Array(waiters.keys)
    for id in ids { resume(id, .failure(Self.error(for: .outcomeUnknown, node: settings.node))) }
  }

  /// Stops issuing, answers what was accepted, and gives every lease back. Returns when nothing is
  /// held any more; to be bounded by the caller.
  public func drain() async throws {
    isDraining = true
    for stream in machines.keys { apply(to: stream) { $0.drain(at: $1) } }
    while !machines.values.allSatisfy(\.isEmpty) {
      try await clock.sleep(settings.tickMilliseconds)
    }
  }

  private func keepTime() async {
    while (try? await clock.sleep(settings.tickMilliseconds)) != nil {
      for stream in machines.keys { apply(to: stream) { $0.ticked(at: $1) } }
    }
  }

  // MARK: - The machines and their actions

  /// Gives an event to a machine and runs what it answers.
  func apply(
    to stream: IssueStream,
    _ event: (inout LeaseMachine, Instant) -> [MachineAction]
  ) {
    var machine = machines[stream] ?? makeMachine(stream)
    let actions = event(&machine, clock.now())
    machines[stream] = machine
    for action in actions { perform(action, on: stream) }
  }

  /// The same event for every machine.
  func applyToAll(_ event: (inout LeaseMachine, Instant) -> [MachineAction]) {
    for stream in Array(machines.keys) { apply(to: stream, event) }
  }

  /// Asks each machine which leases to renew.
  func beginRenewals() -> [IssueStream: [LeaseReference]] {
    var items: [IssueStream: [LeaseReference]] = [:]
    for stream in machines.keys {
      let leases = machines[stream]?.beginRenewal(at: clock.now()) ?? []
      if !leases.isEmpty { items[stream] = leases }
    }
    return items
  }

  private func makeMachine(_ stream: IssueStream) -> LeaseMachine {
    var machine = LeaseMachine(stream: stream, settings: settings.machine) {
      AcquirePlan.Name(id: LeaseID(UUID()), token: Token(UUID()))
    }
    if isDraining { _ = machine.drain(at: clock.now()) }
    if case .away = state { _ = machine.coordinatorWentAway(at: clock.now()) }
    if state == .superseded { _ = machine.superseded(at: clock.now()) }
    return machine
  }

  private func perform(_ action: MachineAction, on stream: IssueStream) {
    switch action {
    case .acquire, .commit, .readBack, .release:
      commands.yield(.call(stream, action))
    case .deliver(let id, let counter, let blocks):
      let count = blocks.reduce(0) { $0 + $1.count }
      metrics.issued(kind: counter.kind, count: count)
      let allocation = Allocation(counter: counter, blocks: blocks.sorted(), node: settings.node)
      resume(id, .success(allocation))
    case .fail(let id, let refusal):
      resume(id, .failure(Self.error(for: refusal, node: settings.node)))
    case .note(let note):
      metrics.noted(note)
      log(note, stream: stream)
      if note == .superseded { wasSuperseded() }
    }
  }

  private func resume(_ id: RequestID, _ result: Result<Allocation, AllocationError>) {
    guard let waiter = waiters.removeValue(forKey: id) else { return }
    metrics.allocated(in: waiter.startedAt.duration(to: .now))
    waiter.continuation.resume(returning: result)
  }

  func cancel(_ id: RequestID, on stream: IssueStream, ticket: UUID) {
    guard waiters[id]?.ticket == ticket else { return }
    apply(to: stream) { $0.cancelled(id, at: $1) }
    resume(id, .failure(AllocationError(.cancelled, detail: "The caller went away.")))
  }
}
