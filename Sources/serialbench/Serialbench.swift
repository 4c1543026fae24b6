import ArgumentParser

@main
struct Serialbench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serialbench",
    abstract: "Measure a node beside the bare database, in one run.",
    discussion: "Started by `make bench CASE=NAME`. Nothing is asserted; figures are printed.",
    subcommands: [TenMillionCommand.self])
}
