import ArgumentParser
import LocalCluster

/// `serialctl dev up`.
struct DevUpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "up",
    abstract: "Start the cluster, or what of it is not running.",
    discussion: """
      Running it again is harmless. It writes .serial/env, a file to source.

      Examples:
        serialctl dev up
        SERIAL_DEV_PG_PORT=7900 SERIAL_DEV_BASE_PORT=7901 serialctl dev up --folder ../other

      Exit codes: 0 all of it runs and is ready; 1 a step failed, the message says what to do; \
      64 wrong usage.
      """)

  @OptionGroup var options: DevOptions

  func run() async throws {
    let json = options.json
    let report = try await DevConsole.run {
      try await options.cluster { DevConsole.print($0, toErrors: json) }.up()
    }
    if json { return try DevConsole.printJSON(report) }
    let fresh = report.started.isEmpty ? "All of it ran already" : "The cluster is up"
    DevConsole.print("")
    DevConsole.print("\(fresh):")
    for line in DevStatusTable(report.status).lines { DevConsole.print("  \(line)") }
    DevConsole.print("")
    DevConsole.print("The first serials:")
    for node in report.status.nodes {
      let serials = report.firstSerials[node.node] ?? []
      DevConsole.print("  \(node.node)  \(serials.joined(separator: "  "))")
    }
    DevConsole.print(Self.next(report))
  }

  private static func next(_ report: DevUpReport) -> String {
    let url = report.status.nodes.first?.url ?? ""
    let program = DevConsole.quote(DevConsole.beside("serialctl"))
    return """

      Try next:
        source \(DevConsole.quote(report.environmentFile))
        curl -s -X POST \(url)/api/serials/jobs -H "Authorization: Bearer $SERIAL_TOKEN" \
      -H 'Content-Type: application/json' -d '{"count": 3}'
        \(program) new job --count 3
        \(program) capacity
        psql "$DATABASE_URL" -c 'select * from serial.ledger'
        make status, make down
      """
  }
}
