import ArgumentParser
import Foundation

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run a node.",
    discussion: """
      Options are the keys of --list-keys with hyphens for dots, for example \
      --node-name eu-1 --lease-milliseconds 15000. They win over the environment \
      (SERIAL_NODE_NAME), which wins over the file. Secrets are not taken from options.

      SIGTERM or SIGINT shut the node down: it stops accepting, answers what is in flight, gives its \
      leases back and closes its connections; drain.milliseconds bounds each step.

      EXAMPLE
        SERIAL_DATABASE_URL='postgresql://eu-1@db/serial?sslmode=verify-full&...' \\
        SERIAL_AUTH_HS256_SECRET_FILE=/etc/seriald/secret \\
        seriald serve --node-name eu-1
      """)

  @Option(name: .customLong("config"), help: "A JSON file of configuration.")
  var file: String?

  @Flag(name: .customLong("list-keys"), help: "List the keys of the configuration and end.")
  var listsKeys = false

  @Argument(parsing: .allUnrecognized, help: .hidden)
  var overrides: [String] = []

  func run() async throws {
    if listsKeys {
      print(ConfigurationKey.document)
      return
    }
    let configuration: NodeConfiguration
    do {
      let source = try await ConfigurationSource(
        arguments: overrides, environment: ProcessInfo.processInfo.environment, file: file)
      configuration = try NodeConfiguration(source)
    } catch let error as ConfigurationError {
      throw CommandFailure(description: "The configuration is not good:\n\(error)")
    }
    do {
      try await NodeServices(configuration).run()
    } catch let error as ConfigurationError {
      throw CommandFailure(description: "The configuration is not good:\n\(error)")
    }
  }
}

extension ConfigurationKey {
  /// The table of `docs/configuration.md`.
  static var document: String {
    let header = [
      "| key | environment | type and bounds | unit | default | meaning |",
      "|---|---|---|---|---|---|",
    ]
    let rows = all.map { key in
      let fallback = key.defaultText.map { "`\($0)`" } ?? "-"
      let unit = key.unit.isEmpty ? "-" : key.unit
      let secret = key.isSecret ? " A secret." : ""
      return
        "| `\(key.name)` | `\(key.environmentName)` | \(key.typeText) | \(unit) | \(fallback) | "
        + "\(key.meaning)\(secret) |"
    }
    return (header + rows).joined(separator: "\n")
  }
}
