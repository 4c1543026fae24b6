import ArgumentParser
import Foundation

/// What every command of the cluster has.
struct OutputOptions: ParsableArguments {
  @Flag(name: .long, help: "Print the node's JSON instead of a text for people.")
  var json = false
}

/// Runs a command, and ends the process with its status when it fails.
func control(_ body: () async throws -> Void) async throws {
  do {
    try await body()
  } catch let failure as ControlFailure {
    FileHandle.standardError.write(Data("serialctl: \(failure.description)\n".utf8))
    throw ExitCode(failure.status.rawValue)
  }
}

/// JSON with sorted keys and indentation, for eyes and for `diff`.
func pretty(_ data: Data) throws -> String {
  let object = try JSONSerialization.jsonObject(with: data, options: [.fragmentsAllowed])
  let bytes = try JSONSerialization.data(
    withJSONObject: object, options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes])
  return String(decoding: bytes, as: UTF8.self)
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
  let all = [header] + rows
  let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
  return all.map { row in
    row.indices.map { row[$0].padding(toLength: widths[$0], withPad: " ", startingAt: 0) }
      .joined(separator: "  ").replacing(#/ +$/#, with: "")
  }.joined(separator: "\n")
}
