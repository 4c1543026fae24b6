import ArgumentParser
import LocalCluster

/// `serialctl dev`: a whole cluster on this machine.
struct DevCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev",
    abstract: "Start, stop and look at a whole cluster on this machine.",
    discussion: """
      The cluster lies in the folder .serial of the project: an authority and certificates, a \
      private PostgreSQL that takes TLS connections with a client certificate only, and three \
      nodes in two regions. All of it listens on 127.0.0.1 only.

      Environment:
        SERIAL_DEV_PG_PORT    PostgreSQL's port (7800, or that of the last time)
        SERIAL_DEV_BASE_PORT  the first node's port (7801, or that of the last time)
        SERIAL_LOG_LEVEL      the nodes' log level (info)
      """,
    subcommands: [DevUpCommand.self, DevDownCommand.self, DevStatusCommand.self])
}

/// What the three commands have in common.
struct DevOptions: ParsableArguments {
  @Option(help: "The project's folder, in which .serial lies.")
  var folder = "."

  @Option(help: "The program seriald. By default the one beside this program.")
  var seriald: String?

  @Flag(help: "Print the result as JSON.")
  var json = false

  /// The cluster these options speak of.
  func cluster(
    progress: @escaping @Sendable (String) -> Void = { _ in }
  ) throws -> DevCluster {
    var configuration = DevConfiguration(
      projectFolder: folder, seriald: seriald ?? DevConsole.beside("seriald"),
      tokens: .local, progress: progress)
    try configuration.read(environment: DevConsole.environment)
    return try DevCluster(configuration: configuration)
  }
}
