public import ChaosHistory
import Foundation
import NIOHTTP1

extension LoadClient {
  private static let decoder: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return decoder
  }()

  /// Makes jobs or targets with records; their serials.
  ///
  /// - Throws: `LoadFailure` when they are not made.
  public func create(_ request: Request, _ count: Int, at node: NodeAddress) async throws
    -> [String]
  {
    let list = request.rawValue
    let names = (1...count).map { #"{"name": "\#(name) \#($0)"}"# }.joined(separator: ",")
    struct Made: Decodable {
      struct One: Decodable {
        let jobSerial: String?
        let targetSerial: String?
      }
      let jobs: [One]?
      let targets: [One]?
    }
    let call = Call(
      request: request, path: "/api/\(list)/bulk", body: Data(#"{"\#(list)": [\#(names)]}"#.utf8),
      asked: count,
      serials: { body in
        let made = try Self.decoder.decode(Made.self, from: body)
        return (made.jobs ?? made.targets ?? []).compactMap { $0.jobSerial ?? $0.targetSerial }
      })
    let outcome = await ask(call, key: "\(name)-\(list)-\(writer.now)", at: node)
    guard case .ok(let serials) = outcome else {
      throw LoadFailure(description: "\(count) \(list) were not made: \(outcome)")
    }
    return serials
  }

  /// Executes a job on targets: one execution, with a branch for each target.
  public func execute(
    _ job: String, on targets: [String], key: String? = nil, at node: NodeAddress
  ) async -> Outcome {
    struct Execution: Decodable { let executionSerial: String }
    let list = targets.map { "\"\($0)\"" }.joined(separator: ",")
    return await ask(
      Call(
        request: .execution, path: "/api/jobs/\(job)/execute",
        body: Data(#"{"target_serials": [\#(list)]}"#.utf8), asked: 1, parent: job,
        serials: { [try Self.decoder.decode(Execution.self, from: $0).executionSerial] }),
      key: key, at: node)
  }

  /// Reads the branches of an execution and writes them down, as acknowledged by it.
  ///
  /// - Returns: their serials, in order.
  public func branches(of execution: String, at node: NodeAddress) async throws -> [String] {
    struct Children: Decodable {
      struct Child: Decodable { let branchSerial: String }
      let children: [Child]
    }
    let start = writer.now
    let answer = try await send(
      .GET, "/api/executions/\(execution)/children?limit=9999", at: node)
    guard answer.status == 200 else {
      throw LoadFailure(description: "children of \(execution): status \(answer.status)")
    }
    let serials = try Self.decoder.decode(Children.self, from: answer.body).children.map(
      \.branchSerial)
    writer.add(
      .operation(
        Operation(
          client: name, node: node.name, request: .branches, parent: execution,
          asked: serials.count, start: start, end: writer.now, outcome: .ok(serials))))
    return serials
  }
}

/// What a client could not do.
public struct LoadFailure: Error, CustomStringConvertible {
  public let description: String
}
