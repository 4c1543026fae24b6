import Allocator
import Records
import SerialFormat

extension Routes {
  /// A reading of the registry, within its time; nil stands for that of a short one.
  func records<Value: Sendable>(
    withinMilliseconds limit: Int? = nil,
    _ work: @escaping @Sendable (any RecordReading) async throws(CoordinatorError) -> Value
  ) async throws(Problem) -> Value {
    let records = dependencies.records
    return try await ask(withinMilliseconds: limit ?? limits.readMilliseconds, for: .reading) {
      () async throws(CoordinatorError) in try await work(records)
    }
  }

  /// A reading that goes over many rows.
  func scanRecords<Value: Sendable>(
    _ work: @escaping @Sendable (any RecordReading) async throws(CoordinatorError) -> Value
  ) async throws(Problem) -> Value {
    try await records(withinMilliseconds: limits.scanMilliseconds, work)
  }

  /// What `work` finds of the record that a text names: by its serial, or by an old identifier, which
  /// is looked up before it is called malformed, and when nothing has that serial.
  func find<Name: RecordSerial, Value: Sendable>(
    _ text: String, as kind: Name.Type, withinMilliseconds limit: Int? = nil,
    _ work:
      @escaping @Sendable (any RecordReading, Name) async throws(CoordinatorError) -> Value?
  ) async throws(Problem) -> Value {
    let serial = Name(text)
    let found = try await records(withinMilliseconds: limit) {
      records throws(CoordinatorError) -> Found<Value> in
      if let serial, let value = try await work(records, serial) { return .record(value) }
      guard RequestedName.isPossibleAlias(text), let other = try await records.alias(text),
        let renamed = Name(of: other)
      else { return .nothing }
      return try await work(records, renamed).map(Found.record) ?? .dangling
    }
    switch found {
    case .record(let value): return value
    case .dangling: throw .notFound(Name.kind, text)
    case .nothing:
      throw serial == nil
        ? RequestedSerial.malformed(text, Name.kind) : .notFound(Name.kind, text)
    }
  }

  /// The serial that a text is, or is an old identifier of.
  func resolve<Name: RecordSerial>(_ text: String, as kind: Name.Type) async throws(Problem)
    -> Name
  {
    if let serial = Name(text) { return serial }
    guard RequestedName.isPossibleAlias(text),
      let other = try await records({ records throws(CoordinatorError) in
        try await records.alias(text)
      }), let serial = Name(of: other)
    else { throw RequestedSerial.malformed(text, Name.kind) }
    return serial
  }

  /// The same of a list; the first that is neither is a problem.
  func resolve<Name: RecordSerial>(_ texts: [String], as kind: Name.Type) async throws(Problem)
    -> [Name]
  {
    let others = try await aliases(of: texts.filter { Name($0) == nil })
    var serials: [Name] = []
    serials.reserveCapacity(texts.count)
    for text in texts {
      guard let serial = Name(text) ?? others[text].flatMap(Name.init(of:)) else {
        throw RequestedSerial.malformed(text, Name.kind)
      }
      serials.append(serial)
    }
    return serials
  }

  /// What these texts are old identifiers of.
  func aliases(of texts: [String]) async throws(Problem) -> [String: Serial] {
    // More at once is no request that could be answered.
    let possible = Array(Set(texts.filter(RequestedName.isPossibleAlias)).prefix(10_000))
    guard !possible.isEmpty else { return [:] }
    return try await records { records throws(CoordinatorError) in
      try await records.aliases(possible)
    }
  }
}

private enum Found<Value: Sendable>: Sendable {
  case record(Value)
  /// An old identifier of something that is not there.
  case dangling
  case nothing
}
