public import Allocator
import Coordinator
import LibPQ
public import Records
public import SerialFormat

extension PostgresRecordReading {
  public func jobs(_ query: JobQuery) async throws(CoordinatorError) -> Page<JobRecord> {
    let order = ListOrder(key: ListOrder.Key(query.sort), isDescending: query.isDescending)
    return try await list(
      RegistrySQL.listJobs(order, isNamed: query.name != nil, isFirst: query.after == nil),
      [
        query.status.map { .text($0.rawValue) } ?? .null,
        query.jobType.map { .text($0.rawValue) } ?? .null, .pattern(query.name),
      ], Place(order, query.order, query.after, query.after.map(query.accepts), query.limit),
      { try $0.job() })
  }

  public func targets(_ query: TargetQuery) async throws(CoordinatorError) -> Page<TargetRecord> {
    let order = ListOrder(key: ListOrder.Key(query.sort), isDescending: query.isDescending)
    return try await list(
      RegistrySQL.listTargets(order, isNamed: query.name != nil, isFirst: query.after == nil),
      [
        .textIfAny(query.osType), .textIfAny(query.environment), .textIfAny(query.region),
        .textIfAny(query.status), query.isActive.map { .bool($0) } ?? .null, .pattern(query.name),
      ], Place(order, query.order, query.after, query.after.map(query.accepts), query.limit),
      { try $0.target() })
  }

  public func executions(of job: JobSerial, _ query: ChildQuery)
    async throws(CoordinatorError) -> Page<ExecutionRecord>
  {
    try await children(
      of: job.description, query, RegistrySQL.listExecutions, { try $0.execution() },
      \.serial.number)
  }

  public func branches(of execution: ExecutionSerial, _ query: ChildQuery)
    async throws(CoordinatorError) -> Page<BranchRecord>
  {
    try await children(
      of: execution.description, query, RegistrySQL.listBranches, { try $0.branch() },
      \.serial.number)
  }

  private func list<Record>(
    _ statement: Statement, _ filters: [Parameter], _ place: Place,
    _ record: (Row) throws -> Record
  ) async throws(CoordinatorError) -> Page<Record> {
    // One more than asked for tells whether there is a next page.
    let rows = try await read(
      statement, filters + [.int(place.limit + 1)] + (try place.parameters()))
    return try answer {
      let page = rows.prefix(place.limit)
      return Page(
        elements: try page.map(record),
        next: rows.count > place.limit ? try page.last.map(place.cursor) : nil)
    }
  }

  /// Children lie between the parent with a dot and the parent with the sign after the dot.
  private func children<Record>(
    of parent: String, _ query: ChildQuery, _ statements: RegistrySQL.Children,
    _ record: (Row) throws -> Record, _ number: (Record) -> Int
  ) async throws(CoordinatorError) -> Page<Record> {
    let last = query.after.map { "\(parent).\(Self.fourDigits($0))" }
    let low = query.isDescending ? nil : last
    let high = query.isDescending ? last : nil
    let rows = try await read(
      query.isDescending ? statements.descending : statements.ascending,
      [
        .text(low ?? parent + "."), .text(high ?? parent + "/"),
        query.status.map { .text($0.rawValue) } ?? .null, .int(query.limit + 1),
      ])
    return try answer {
      let page = try rows.prefix(query.limit).map(record)
      return Page(
        elements: page,
        next: rows.count > query.limit
          ? page.last.map { RecordCursor(order: "number", key: nil, id: number($0)) } : nil)
    }
  }

  private static func fourDigits(_ number: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }
}

/// Where in a list of jobs or targets a page is.
private struct Place {
  let order: ListOrder
  let name: String
  let after: RecordCursor?
  let isAccepted: Bool
  let limit: Int

  init(
    _ order: ListOrder, _ name: String, _ after: RecordCursor?, _ isAccepted: Bool?, _ limit: Int
  ) {
    self.order = order
    self.name = name
    self.after = after
    self.isAccepted = isAccepted ?? true
    self.limit = limit
  }

  /// Key and id of the row before the page.
  func parameters() throws(CoordinatorError) -> [Parameter] {
    guard isAccepted else { throw .foreignCursor }
    guard let after, let key = after.key else { return [] }
    return [.text(key), .int(after.id)]
  }

  /// The cursor of the page that ends with this row.
  func cursor(_ last: Row) throws -> RecordCursor {
    RecordCursor(order: name, key: try order.cursorKey(last), id: try last.decode("id"))
  }
}

extension CoordinatorError {
  /// A cursor that another list made, or nobody.
  static let foreignCursor = CoordinatorError(
    .rejected, detail: "the cursor is not one of this list")
}

extension Parameter {
  static func textIfAny(_ text: String?) -> Parameter { text.map { .text($0) } ?? .null }

  /// What ILIKE takes for texts that contain this one; null for nil.
  static func pattern(_ text: String?) -> Parameter {
    text.map { .text("%\(escaped($0))%") } ?? .null
  }

  /// What ILIKE takes for texts that begin with this one.
  static func beginning(_ text: String) -> Parameter { .text("\(escaped(text))%") }

  private static func escaped(_ text: String) -> String {
    // By code point: a sign with an accent on it is one character, and the server still sees the sign.
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar == "\\" || scalar == "%" || scalar == "_" { escaped.append("\\") }
      escaped.append(scalar)
    }
    return String(escaped)
  }
}
