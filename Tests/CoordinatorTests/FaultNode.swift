import Allocator
import Coordinator
import DatabaseFixture
import Foundation
import GrantJournal
import LeaseCore
import LibPQ
import SerialFormat
import Testing

/// One process of a node: the real allocator over a real coordinator, with its journal on the disk.
struct FaultNode: Sendable {
  typealias Outcome = Result<Allocation, AllocationError>

  struct Options: Sendable {
    var timeToLiveMilliseconds = 3_000
    var requiresStandby = false
    /// For how long a caller waits for the read-back. Long, unless a test is about it.
    var unknownGraceMilliseconds = 20_000
    /// Short, since a request waits so long for grants that are closed.
    var requestDeadlineMilliseconds = 1_000
    var callMilliseconds = 4_000
    var connections = 4
    /// What stands between the allocator and PostgreSQL; nothing by default.
    var wrap: @Sendable (PostgresCoordinator) -> any LeaseCoordinating = { $0 }
  }

  let name: String
  let allocator: Allocator
  let pool: ConnectionPool
  let journal: FileJournal
  private let book: IssueBook
  private let allocating: Task<Void, Never>
  private let connecting: Task<Void, Never>

  /// Starts a process.
  ///
  /// - Parameters:
  ///   - uri: where its coordinator is.
  ///   - folder: of its journal.
  static func start(
    _ name: String, at uri: String, folder: String, options: Options, book: IssueBook
  ) async throws -> FaultNode {
    let boot = BootID(UUID())
    let journal = try await FileJournal.open(.init(directory: folder, boot: boot))
    let pool = ConnectionPool(
      options: try ConnectionOptions(parsing: uri),
      configuration: ConnectionPool.Configuration(
        size: options.connections,
        backoff: Backoff(firstMilliseconds: 1, longestMilliseconds: 50)),
      logger: Fixture.logger)
    let coordinator = PostgresCoordinator(
      pool: pool,
      identity: SessionIdentity(
        bootID: boot, timeToLiveMilliseconds: options.timeToLiveMilliseconds,
        requiresStandby: options.requiresStandby),
      callMilliseconds: options.callMilliseconds)
    let machine = LeaseMachine.Settings(
      timeToLiveMilliseconds: options.timeToLiveMilliseconds,
      unknownGraceMilliseconds: options.unknownGraceMilliseconds, retryMilliseconds: 20,
      recallRetryMilliseconds: 20)
    let allocator = Allocator(
      settings: AllocatorSettings(
        node: name, machine: machine,
        requestDeadlineMilliseconds: options.requestDeadlineMilliseconds, tickMilliseconds: 5,
        probeMilliseconds: 20, boot: boot),
      coordinator: options.wrap(coordinator), journal: journal, logger: Fixture.logger)
    return FaultNode(
      name: name, allocator: allocator, pool: pool, journal: journal, book: book,
      allocating: Task { await allocator.run() }, connecting: Task { await pool.run() })
  }

  /// Ends the process as a kill does: nothing is given back.
  func stop() async {
    allocating.cancel()
    connecting.cancel()
    await allocating.value
    await connecting.value
    await journal.close()
  }

  /// One request, written into the book when it gets its numbers.
  func ask(
    _ count: Int = 1, of kind: CounterKind = .job, subject: String = "tester",
    records: [String] = []
  ) async -> Outcome {
    let request = AllocationRequest(
      kind: kind, count: count, subject: subject, id: RequestID(UUID()), records: records)
    do throws(AllocationError) {
      let allocation = try await allocator.allocate(request)
      book.add(allocation)
      return .success(allocation)
    } catch {
      return .failure(error)
    }
  }

  /// Asks again until there is an answer with numbers, as a caller does that is told to.
  @discardableResult
  func serve(_ count: Int = 1, of kind: CounterKind = .job) async throws -> Allocation {
    while true {
      if case .success(let allocation) = await ask(count, of: kind) { return allocation }
      try await pause()
    }
  }

  /// Makes sure that the node holds a lease with about a hundred numbers that nobody was given.
  func warmUp() async throws {
    try await serve(100)
    try await serve(1)
  }

  func become(_ wanted: Readiness) async throws {
    try await until { await allocator.readiness() == wanted }
  }

  var reading: PostgresReading { PostgresReading(pool: pool, callMilliseconds: 4_000) }
  var operating: PostgresOperating { PostgresOperating(pool: pool, callMilliseconds: 4_000) }
}

extension Result where Success == Allocation, Failure == AllocationError {
  var refusal: AllocationError.Code? {
    switch self {
    case .success: nil
    case .failure(let error): error.code
    }
  }

  /// Empty for a refusal.
  var numbers: [Int] {
    switch self {
    case .success(let allocation): allocation.blocks.flatMap(\.numbers)
    case .failure: []
    }
  }
}

/// Looks until something has become true; a test that looks for ever ends by its time limit.
func until(_ condition: () async throws -> Bool) async throws {
  while !(try await condition()) { try await pause() }
}

/// Between two looks.
private func pause() async throws {
  try await ContinuousClock().sleep(for: .milliseconds(2))
}
