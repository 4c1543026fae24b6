import FoundationEssentials

extension DevCluster {
  private struct Issued: Decodable {
    let serials: [String]
  }

  /// Lets each node issue a job and a target serial, once in the life of the cluster: they show
  /// that all of it works, and a number that was issued is not taken back.
  func issueFirstSerials(token: String, memory: inout DevMemory) async throws {
    for node in configuration.nodes where memory.firstSerials[node.name] == nil {
      var serials: [String] = []
      for route in ["jobs", "targets"] {
        serials += try await issue(route, from: node, token: token)
      }
      memory.firstSerials[node.name] = serials
      try memory.write(to: layout.memory)
      configuration.progress("      \(node.name) issued \(serials.joined(separator: " and "))")
    }
  }

  /// A coordinator that has just started may ask for patience (503); any other answer is final.
  private func issue(_ route: String, from node: DevNode, token: String) async throws -> [String] {
    var answer = LocalHTTPResponse(status: 0, body: "")
    _ = try await Poll.until(atMost: .seconds(60), every: .milliseconds(250)) {
      answer = try await LocalHTTP.send(
        "POST", port: port(node), path: "/api/serials/\(route)",
        headers: ["Authorization": "Bearer \(token)", "Content-Type": "application/json"],
        body: "{}", limit: .seconds(30))
      return answer.status != 503
    }
    guard answer.status == 201 else {
      throw LocalClusterError(
        .commandFailed,
        "\(node.name) did not issue a serial (\(route)): \(answer.status) \(answer.body)",
        advice: "See \(layout.log(node.name)).")
    }
    return try JSONDecoder().decode(Issued.self, from: Data(answer.body.utf8)).serials
  }
}
