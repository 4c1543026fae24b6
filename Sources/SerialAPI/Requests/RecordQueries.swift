import NIOCore
import Records
import SerialFormat

/// How the lists of the registry are asked for.
extension JobQuery {
  init(_ query: QueryFields) throws(Problem) {
    self.init(
      status: try query.word("status", JobStatus.self),
      jobType: try query.word("job_type", JobType.self),
      name: try query.line("name", characters: JobRequest.nameCharacters),
      sort: try query.word("sort", Sort.self) ?? .createdAt,
      isDescending: try query.isDescending(byDefault: true), after: try query.cursor(),
      limit: try query.integer("limit", in: PageSize.limits) ?? PageSize.usual)
    if let after, !accepts(after) { throw .foreignCursor }
  }
}

extension TargetQuery {
  init(_ query: QueryFields) throws(Problem) {
    self.init(
      osType: try query.line("os_type", characters: TargetRequest.wordCharacters),
      environment: try query.line("environment", characters: TargetRequest.wordCharacters),
      region: try query.line("region", characters: TargetRequest.placeCharacters),
      status: try query.line("status", characters: TargetRequest.wordCharacters),
      isActive: try query.value("is_active", expected: "true or false", Bool.init),
      name: try query.line("name", characters: TargetRequest.nameCharacters),
      sort: try query.word("sort", Sort.self) ?? .createdAt,
      isDescending: try query.isDescending(byDefault: true), after: try query.cursor(),
      limit: try query.integer("limit", in: PageSize.limits) ?? PageSize.usual)
    if let after, !accepts(after) { throw .foreignCursor }
  }
}

extension ChildQuery {
  /// Executions of a job: the newest first unless asked otherwise.
  static func executions(_ query: QueryFields) throws(Problem) -> ChildQuery {
    ChildQuery(
      status: try query.word("status", RecordStatus.self),
      isDescending: try query.isDescending(byDefault: true),
      after: try query.integer("after", in: 1...Capacity.executions),
      limit: try query.integer("limit", in: PageSize.limits) ?? PageSize.usual)
  }

  /// Children by number, upwards.
  static func children(_ query: QueryFields, usual: Int) throws(Problem) -> ChildQuery {
    ChildQuery(
      after: try query.integer("after", in: 1...Capacity.branches),
      limit: try query.integer("limit", in: 1...Capacity.branches) ?? usual)
  }

  /// How many branches an execution is shown with.
  static let branches = 1000
}

/// A search, and the word that says what for.
struct RequestedSearch {
  static let characters = 1...255
  static let usual = 50

  let query: SearchQuery
  let type: String

  /// `all` stands for all of `kinds`.
  init(_ query: QueryFields, among kinds: [SerialKind]) throws(Problem) {
    let words = kinds.map(\.rawValue) + ["all"]
    guard let text = try query.line("q", characters: Self.characters) else {
      throw query.missing(
        "q",
        expected: "a text of \(Self.characters.lowerBound) to \(Self.characters.upperBound) "
          + "characters")
    }
    let list = words.map { "\"\($0)\"" }.joined(separator: ", ")
    let type =
      try query.value("type", expected: "one of \(list)") { words.contains($0) ? $0 : nil }
      ?? "all"
    self.type = type
    self.query = SearchQuery(
      text: text, kinds: SerialKind(rawValue: type).map { [$0] } ?? Set(kinds),
      limit: try query.integer("limit", in: PageSize.limits) ?? Self.usual,
      after: try query.cursor())
    if let after = self.query.after,
      !self.query.accepts(after) || after.order != SearchQuery.Text(text).order.rawValue
    {
      throw .foreignCursor
    }
  }
}

extension Problem {
  /// A cursor that was made for another order or another search, or by nobody.
  fileprivate static let foreignCursor = invalid(
    "\"after\" is not the \"next\" of a page of this list in this order.", field: "after")
}

/// Texts of a list in a query or a body that name records.
enum RequestedList {
  /// How many one request may look up.
  static let limit = 1000
  /// How many jobs one request may compare.
  static let jobLimit = 100

  /// The parts of a parameter between its commas.
  static func read(_ query: QueryFields, _ name: String, atMost limit: Int) throws(Problem)
    -> [String]
  {
    let expected = "1 to \(limit) serials with commas between"
    let texts = try query.value(name, expected: expected) { text -> [String]? in
      let parts = text.split(separator: ",", omittingEmptySubsequences: false)
      return (1...limit).contains(parts.count) ? parts.map(String.init) : nil
    }
    guard let texts else { throw query.missing(name, expected: expected) }
    return texts
  }

  static func read(_ body: ByteBuffer) throws(Problem) -> [String] {
    try BodyFields(body, known: ["serials"]).texts("serials", atMost: limit)
  }
}

/// The parameters that only the registry's routes have.
extension QueryFields {
  func missing(_ name: String, expected: String) -> Problem {
    .invalid("The query parameter \"\(name)\" is missing: expected \(expected).", field: name)
  }

  /// A text of one line.
  func line(_ name: String, characters: ClosedRange<Int>) throws(Problem) -> String? {
    try value(
      name,
      expected: "\(characters.lowerBound) to \(characters.upperBound) characters without control "
        + "characters"
    ) { PlainText.isPlain($0, characters: characters) ? $0 : nil }
  }

  func word<Word: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ type: Word.Type
  ) throws(Problem) -> Word? {
    try value(name, expected: "one of \(Expected.words(type))", Word.init(rawValue:))
  }

  func isDescending(byDefault usual: Bool) throws(Problem) -> Bool {
    try value("order", expected: "asc or desc") { text in
      switch text {
      case "asc": false
      case "desc": true
      default: nil
      }
    } ?? usual
  }

  func cursor() throws(Problem) -> RecordCursor? {
    try value("after", expected: "the \"next\" of a page before", RecordCursor.init(parsing:))
  }
}
