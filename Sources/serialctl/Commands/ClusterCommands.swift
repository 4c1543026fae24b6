import ArgumentParser
import Foundation

struct NodesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "nodes", abstract: "List the nodes and whether they live.",
    discussion: """
      EXAMPLE
        serialctl nodes
      """)

  @OptionGroup var output: OutputOptions

  struct Nodes: Decodable {
    let nodes: [Node]

    struct Node: Decodable {
      let node: String
      let region: String
      let state: String
      let live: Bool
      let lastSeenAt: String?
      let leases: Int
      let leasedNumbers: Int
    }
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.get("/api/nodes")
        if output.json {
          print(try pretty(data))
          return
        }
        let rows = try decode(data, as: Nodes.self).nodes.map {
          [
            $0.node, $0.region, $0.state, $0.live ? "yes" : "no", $0.lastSeenAt ?? "never",
            String($0.leases), String($0.leasedNumbers),
          ]
        }
        print(
          table(["node", "region", "state", "live", "last seen", "leases", "leased numbers"], rows))
      }
    }
  }
}

struct LeasesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "leases", abstract: "List the live leases.",
    discussion: """
      "at risk" are numbers that the node committed ahead and has not handed out: a crash of it \
      would lose so many.

      EXAMPLE
        serialctl leases
      """)

  @OptionGroup var output: OutputOptions

  struct Leases: Decodable {
    let leases: [Lease]

    struct Lease: Decodable {
      let node: String
      let kind: String
      let year: Int
      let first: Int
      let last: Int
      let committedThrough: Int
      let expiresAt: String
      let recalledAt: String?
      let atRisk: Int?
    }
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.get("/api/leases")
        if output.json {
          print(try pretty(data))
          return
        }
        let rows = try decode(data, as: Leases.self).leases.map {
          [
            $0.node, $0.kind, String($0.year), "\($0.first)...\($0.last)",
            String($0.committedThrough - $0.first + 1), String($0.last - $0.committedThrough),
            String($0.atRisk ?? 0),
            $0.expiresAt, $0.recalledAt == nil ? "" : "recalled",
          ]
        }
        print(
          table(
            ["node", "kind", "year", "block", "issued", "left", "at risk", "expires", ""], rows))
      }
    }
  }
}
