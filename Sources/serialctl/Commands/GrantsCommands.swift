import ArgumentParser
import Foundation

struct GrantsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grants",
    abstract: "Show whether the coordinator grants blocks, or change how long it waits.",
    discussion: """
      After a start of the coordinator, and when a node finds that it forgot something, no block is \
      granted before the nodes have reported what they issued. Nodes go on with what they hold.

      EXAMPLES
        serialctl grants
        serialctl grants set --wait-seconds 10
      """,
    subcommands: [GrantsShowCommand.self, GrantsSetCommand.self],
    defaultSubcommand: GrantsShowCommand.self)
}

struct GrantsShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show whether grants are open, and what they wait for.")

  @OptionGroup var output: OutputOptions

  struct Grants: Decodable {
    let generation: Int
    let open: Bool
    let reason: String?
    let closedAt: String?
    let opensAt: String?
    let waitingFor: [String]
    let waitMilliseconds: Int
    let synchronousFailover: Bool
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        try show(
          try await client.get("/api/grants"), output, as: Grants.self, text: Self.text)
      }
    }
  }

  private static func text(_ grants: Grants) -> String {
    var lines: [(String, String?)] = [
      ("grants", grants.open ? "open" : "closed"), ("generation", String(grants.generation)),
      ("reason", grants.reason), ("closed at", grants.closedAt),
    ]
    if !grants.open {
      lines.append(("opens at", grants.opensAt ?? "when all have reported, or by recover"))
      lines.append(("waits for", grants.waitingFor.joined(separator: ", ")))
    }
    lines += [
      ("wait", "\(Double(grants.waitMilliseconds) / 1000) s after a start"),
      ("failover", grants.synchronousFailover ? "vouched synchronous" : "may have lost something"),
    ]
    return lines.compactMap { name, value in
      value.map { name.padding(toLength: 11, withPad: " ", startingAt: 0) + $0 }
    }.joined(separator: "\n")
  }
}

struct GrantsSetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Change how long grants wait for reports after a start.",
    discussion: """
      A shorter wait gives a node less time to say what a restored backup forgot. \
      --synchronous-failover vouches that no failover loses what was acknowledged: a promoted server \
      is then treated like one that was started. If that is not so, numbers may be issued twice.
      """)

  @Option(help: "How long grants wait for reports after a start, in seconds, 0...3600.")
  var waitSeconds: Int?

  @Flag(inversion: .prefixedNo, help: "Every failover is strictly synchronous.")
  var synchronousFailover: Bool?

  @OptionGroup var output: OutputOptions

  struct Settings: Codable {
    let waitMilliseconds: Int?
    let synchronousFailover: Bool?
  }

  func validate() throws {
    guard waitSeconds != nil || synchronousFailover != nil else {
      throw ValidationError("expected --wait-seconds or --synchronous-failover, or both")
    }
    if let waitSeconds, !(0...3600).contains(waitSeconds) {
      throw ValidationError("--wait-seconds is \(waitSeconds): expected 0...3600")
    }
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.put(
          "/api/grants",
          Settings(
            waitMilliseconds: waitSeconds.map { $0 * 1000 },
            synchronousFailover: synchronousFailover))
        try show(data, output, as: Settings.self) { settings in
          [
            settings.waitMilliseconds.map { "wait: \($0) ms" },
            settings.synchronousFailover.map { "synchronous failover: \($0)" },
          ].compactMap(\.self).joined(separator: "\n")
        }
      }
    }
  }
}

struct RecoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract: "Open grants without waiting for the nodes that have not reported.",
    discussion: """
      Only when a node that `serialctl grants` waits for does not come back, or is known to hold \
      nothing. Whatever such a node had issued and the coordinator forgot may then be issued a \
      second time. `retire` ends a node that is gone, and is safer: what its leases had committed \
      as far as the coordinator knows stays issued.

      EXAMPLE
        serialctl recover --reason "eu-3 burnt down, its journal is lost"
      """)

  @OptionGroup var why: ReasonOptions
  @OptionGroup var output: OutputOptions

  struct Recovered: Decodable {
    let notReported: [String]
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.post(
          "/api/grants/recover", ReasonBody(reason: why.reason))
        try show(data, output, as: Recovered.self) { answer in
          answer.notReported.isEmpty
            ? "grants are open; every node had reported"
            : "grants are open; not waited for: " + answer.notReported.joined(separator: ", ")
        }
      }
    }
  }
}
