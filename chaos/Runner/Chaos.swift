import ArgumentParser

@main
struct Chaos: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "chaos",
    abstract: "Break the allocator on purpose, and judge what it did.",
    subcommands: [RunCommand.self, CheckCommand.self, SimulateCommand.self])
}
