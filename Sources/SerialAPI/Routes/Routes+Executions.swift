import Allocator
import Hummingbird
import Records
import SerialFormat

extension Routes {
  /// `GET /api/executions/serial/{execution_serial}`.
  func showExecution(_ call: Call) async throws -> Response {
    let query = try ChildQuery.children(call.query, usual: ChildQuery.branches)
    let text = try call.path.name("execution_serial", as: .execution)
    let found = try await find(text, as: ExecutionSerial.self) {
      records, serial throws(CoordinatorError) -> ExecutionDetailResponse? in
      guard let execution = try await records.execution(serial) else { return nil }
      return ExecutionDetailResponse(execution, try await records.branches(of: serial, query))
    }
    return try ResponseJSON.response(found)
  }

  /// `GET /api/executions/branch/{branch_serial}`.
  func showBranch(_ call: Call) async throws -> Response {
    let text = try call.path.name("branch_serial", as: .branch)
    let found = try await find(text, as: BranchSerial.self) {
      records, serial throws(CoordinatorError) -> BranchDetailResponse? in
      try await records.branch(serial).map { BranchDetailResponse($0.branch, $0.job) }
    }
    return try ResponseJSON.response(found)
  }

  /// `GET /api/executions/{serial}/children`.
  func children(_ call: Call) async throws -> Response {
    let query = try ChildQuery.children(call.query, usual: PageSize.usual)
    let text = try call.path.name("serial", as: .execution)
    switch try await parent(text) {
    case .job(let serial):
      let page = try await children(of: serial, text) {
        records, serial throws(CoordinatorError) -> Page<ExecutionRecord>? in
        guard try await records.job(.serial(serial)) != nil else { return nil }
        return try await records.executions(of: serial, query)
      }
      return try ResponseJSON.response(
        ChildrenResponse(
          .job(page.parent), page.children.elements.map(ExecutionResponse.init),
          next: page.children.nextNumber(\.serial.number)))
    case .execution(let serial):
      let page = try await children(of: serial, text) {
        records, serial throws(CoordinatorError) -> Page<BranchRecord>? in
        guard try await records.execution(serial) != nil else { return nil }
        return try await records.branches(of: serial, query)
      }
      return try ResponseJSON.response(
        ChildrenResponse(
          .execution(page.parent), page.children.elements.map(BranchResponse.init),
          next: page.children.nextNumber(\.serial.number)))
    case .target, .branch: throw RequestedSerial.malformed(text, .execution)
    }
  }

  /// The serial whose children are meant, of any kind.
  private func parent(_ text: String) async throws(Problem) -> Serial {
    if let serial = Serial(text) { return serial }
    if let serial = try await aliases(of: [text])[text] { return serial }
    throw RequestedSerial.malformed(text, RequestedSerial.kind(byShapeOf: text) ?? .execution)
  }

  private func children<Name: RecordSerial, Child: Sendable>(
    of serial: Name, _ text: String,
    _ work:
      @escaping @Sendable (any RecordReading, Name) async throws(CoordinatorError) -> Page<Child>?
  ) async throws(Problem) -> (parent: Name, children: Page<Child>) {
    let page = try await records { records throws(CoordinatorError) in
      try await work(records, serial)
    }
    guard let page else { throw .notFound(Name.kind, text) }
    return (serial, page)
  }
}
