import ArgumentParser

@main
struct Seriald: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "seriald",
    abstract: "A node of a serial allocator cluster.",
    discussion: """
      Issues job and target serials (J202600001, T202600001) from blocks that it leases from a \
      PostgreSQL coordinator over TLS. Configuration comes from options, from SERIAL_... in the \
      environment, and from a file; docs/configuration.md lists the keys.
      """,
    version: BuildInfo.version,
    subcommands: [ServeCommand.self, MigrateCommand.self, EnrollCommand.self])
}

enum BuildInfo {
  static let version = "0.1.0"
}
