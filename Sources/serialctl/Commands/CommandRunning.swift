import ArgumentParser
import Foundation
import SerialClient
import SerialFormat

/// What every command of the cluster has.
struct OutputOptions: ParsableArguments {
  @Flag(name: .long, help: "Print the node's JSON instead of a text for people.")
  var json = false
}

/// Which of the two counters of a year.
enum Kind: String, ExpressibleByArgument, CaseIterable {
  case job
  case target
}

/// A counter, as arguments.
struct CounterArguments: ParsableArguments {
  @Argument(help: "Which counter: job or target.")
  var kind: Kind

  @Argument(help: "Its UTC year.")
  var year: Int

  var path: String { "/api/counters/\(kind.rawValue)/\(year)" }

  func validate() throws {
    guard Capacity.years.contains(year) else {
      throw ValidationError("the year is \(year): expected 2000...9999")
    }
  }
}

/// Why something is done: it is written into the events.
struct ReasonOptions: ParsableArguments {
  @Option(help: "Why, 1...1000 bytes; written into the events.")
  var reason: String

  func validate() throws {
    guard (1...1000).contains(reason.utf8.count) else {
      throw ValidationError("--reason has \(reason.utf8.count) bytes: expected 1...1000")
    }
  }
}

/// Makes a command that creates something repeatable.
struct KeyOptions: ParsableArguments {
  @Option(
    help: """
      Idempotency key, 1...200 bytes: for 24 hours the same key with the same command gives the same \
      answer. Without it one is made.
      """)
  var key: String?

  func validate() throws {
    // A line break in it would end the header that carries it.
    if let key,
      !(1...200).contains(key.utf8.count)
        || key.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
    {
      throw ValidationError(
        "--key has \(key.utf8.count) bytes: expected 1...200 without control characters")
    }
  }
}

/// The body of a request that says nothing but why.
struct ReasonBody: Encodable {
  let reason: String
}

/// Runs a command, and ends the process with its status when it fails.
func control(_ body: () async throws -> Void) async throws {
  do {
    try await body()
  } catch let failure as ControlFailure {
    note(failure.description)
    throw ExitCode(failure.status.rawValue)
  }
}

/// Tells a person something beside the output.
func note(_ text: String) {
  FileHandle.standardError.write(Data("serialctl: \(text)\n".utf8))
}

/// Prints an answer as it came, or what `text` makes of it.
func show<Value: Decodable>(
  _ data: Data, _ output: OutputOptions, as: Value.Type, text: (Value) -> String
) throws {
  print(output.json ? try pretty(data) : text(try decode(data, as: Value.self)))
}

/// A text as one segment of a path or one value of a query.
func escaped(_ text: String) -> String { URLText.escaped(text) }

/// A path with a query of those values that are there.
func path(_ path: String, _ query: [(name: String, value: String?)]) -> String {
  URLText.path(path, query)
}

/// A request's body, in snake case; what is nil is left out.
func encode(_ value: some Encodable) throws -> Data {
  let encoder = JSONEncoder()
  encoder.keyEncodingStrategy = .convertToSnakeCase
  return try encoder.encode(value)
}

/// JSON with sorted keys and indentation, for eyes and for `diff`.
func pretty(_ data: Data) throws -> String {
  try pretty(try JSONSerialization.jsonObject(with: data, options: [.fragmentsAllowed]))
}

func pretty(_ object: Any) throws -> String {
  let bytes = try JSONSerialization.data(
    withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  return String(decoding: bytes, as: UTF8.self)
}

/// JSON on one line.
func compact(_ object: Any) throws -> String {
  let bytes = try JSONSerialization.data(
    withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes])
  return String(decoding: bytes, as: UTF8.self)
}

/// The entries of one page, as they came.
func entries(of data: Data, _ name: String) throws -> [Any] {
  let object = try JSONSerialization.jsonObject(with: data) as? [String: Any]
  return object?[name] as? [Any] ?? []
}

/// A range as a person reads it; empty for none.
func numbers(_ first: Int?, _ last: Int?) -> String {
  guard let first, let last else { return "" }
  return first == last ? "\(first)" : "\(first)...\(last)"
}

func decode<Value: Decodable>(_ data: Data, as: Value.Type = Value.self) throws -> Value {
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  do {
    return try decoder.decode(Value.self, from: data)
  } catch {
    throw ControlFailure(.refused, "the node's answer cannot be read: \(error)")
  }
}

/// Columns, as wide as their widest cell.
func table(_ header: [String], _ rows: [[String]]) -> String {
  aligned([header] + rows).joined(separator: "\n")
}

/// One line for each row, whose cells are as many in each.
func aligned(_ rows: [[String]]) -> [String] {
  let cells = rows.map { $0.map(RecordText.oneLine) }
  let widths = (cells.first ?? []).indices.map { column in cells.map { $0[column].count }.max() ?? 0
  }
  return cells.map { row in
    row.indices.map { row[$0].padding(toLength: widths[$0], withPad: " ", startingAt: 0) }
      .joined(separator: "  ").replacing(#/ +$/#, with: "")
  }
}
