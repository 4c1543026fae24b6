import ArgumentParser
import LocalCluster

/// `serialctl dev status`.
struct DevStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show what of the cluster runs.",
    discussion: """
      Examples:
        serialctl dev status
        serialctl dev status --json

      Exit codes: 0 all of it runs and is ready; 3 something is not running or not ready; \
      1 it cannot be told; 64 wrong usage.
      """)

  @OptionGroup var options: DevOptions

  func run() async throws {
    let status = try await DevConsole.run { try await options.cluster().status() }
    if options.json {
      try DevConsole.printJSON(status)
    } else {
      for line in DevStatusTable(status).lines { DevConsole.print(line) }
    }
    if !status.isComplete { throw DevConsole.incomplete }
  }
}

/// The table of what runs.
struct DevStatusTable {
  let lines: [String]

  init(_ status: DevStatus) {
    var rows = [["NAME", "REGION", "STATE", "PID", "WHERE"]]
    for node in status.nodes {
      rows.append([
        node.node, node.region, node.state.rawValue, node.pid.map { String($0) } ?? "-", node.url,
      ])
    }
    let postgres = status.postgres
    rows.append([
      "postgresql", "-", postgres.ready ? "ready" : postgres.pid == nil ? "stopped" : "running",
      postgres.pid.map { String($0) } ?? "-", "127.0.0.1:\(postgres.port)",
    ])
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    lines = rows.map { row in
      let cells = zip(row.dropLast(), widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }
      return (cells + row.suffix(1)).joined(separator: "  ")
    }
  }
}
