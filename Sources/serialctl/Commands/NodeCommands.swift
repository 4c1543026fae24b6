import ArgumentParser

private struct NodeOutcome: Decodable {
  let node: String
  let outcome: String
}

struct DrainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drain",
    abstract: "Let a node give everything back and issue no more.",
    discussion: """
      For an update or a repair. The node hears of it at once, or with its next renewal, within a \
      third of the leases' time to live, gives its leases back and answers 503 draining from then on; the command \
      waits until no lease of it is left. No number is lost. A process that is started anew issues \
      again.

      EXAMPLE
        serialctl drain eu-1
      """)

  @Argument(help: "The node's name.")
  var node: String

  @OptionGroup var waiting: WaitOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        struct Body: Encodable {}
        let data = try await client.post("/api/nodes/\(escaped(node))/drain", Body())
        try await waiting.wait { () async throws -> Attempt<Void> in
          do {
            return try await progress(client)
          } catch let failure as ControlFailure where failure.status == .unavailable {
            return .notYet(failure.description)
          }
        }
        try show(data, output, as: NodeOutcome.self) { answer in
          answer.outcome == "not-running"
            ? "\(answer.node) has no running process and holds no lease"
            : "\(answer.node) is drained"
        }
      }
    }
  }
}

extension DrainCommand {
  /// Drained is who was told, or does not live, and holds nothing.
  private func progress(_ client: ClusterClient) async throws -> Attempt<Void> {
    let nodes = try decode(try await client.get("/api/nodes"), as: NodesCommand.Nodes.self).nodes
    if nodes.contains(where: { $0.node == node && $0.live && $0.state != "draining" }) {
      return .notYet("\(node) has not heard of it yet")
    }
    let held = try decode(try await client.get("/api/leases"), as: LeasesCommand.Leases.self)
      .leases.count { $0.node == node }
    return held == 0 ? .done(()) : .notYet("\(node) still holds leases: \(held)")
  }
}

struct RetireCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire",
    abstract: "End a node for good.",
    discussion: """
      For a machine that does not come back. Its leases are closed at what they had committed and \
      the rest becomes free; its calls are refused from then on, and after a fault of the coordinator \
      nobody waits for its report. Numbers that it had committed and not handed out stay issued: \
      `serialctl gaps` lists them. `drain` it first when it still runs. The name cannot be used again.

      EXAMPLE
        serialctl retire eu-3 --reason "the machine is gone"
      """)

  @Argument(help: "The node's name.")
  var node: String

  @OptionGroup var why: ReasonOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.post(
          "/api/nodes/\(escaped(node))/retire", ReasonBody(reason: why.reason))
        try show(data, output, as: NodeOutcome.self) { answer in
          answer.outcome == "already"
            ? "\(answer.node) was retired before" : "\(answer.node) is retired"
        }
      }
    }
  }
}
