import ArgumentParser
import LocalCluster

/// `serialctl dev down`.
struct DevDownCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "down",
    abstract: "Stop exactly what `dev up` started. The data stays.",
    discussion: """
      The nodes give back their numbers and end, then PostgreSQL stops.

      Examples:
        serialctl dev down
        serialctl dev down --erase

      Exit codes: 0 nothing of it runs any more; 1 a step failed, the message says what to do; \
      64 wrong usage.
      """)

  @OptionGroup var options: DevOptions

  @Flag(help: "Remove the data, the certificates and all else in .serial afterwards.")
  var erase = false

  func run() async throws {
    let report = try await DevConsole.run { try await options.cluster().down(erase: erase) }
    if options.json { return try DevConsole.printJSON(report) }
    for (node, stop) in report.nodes.sorted(by: { $0.key < $1.key }) {
      DevConsole.print("\(node): \(Self.words(stop))")
    }
    DevConsole.print("PostgreSQL: \(report.postgresStopped ? "stopped" : "did not run")")
    if report.erased { DevConsole.print("The cluster's data was removed.") }
  }

  private static func words(_ stop: NodeProcess.Stop) -> String {
    switch stop {
    case .notRunning: "did not run"
    case .stopped: "stopped"
    case .killed: "did not stop in time and was killed"
    }
  }
}
