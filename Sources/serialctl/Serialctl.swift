import ArgumentParser

@main
struct Serialctl: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serialctl",
    abstract: "Speak to a serial allocator cluster.",
    discussion: """
      Reads SERIAL_URLS, SERIAL_TOKEN and SERIAL_CA from the environment, or from .serial/env in this \
      folder or one above it, which `make up` writes.

      EXAMPLES
        serialctl new job
        serialctl new target --count 5 --json
        serialctl show J202600001
        serialctl job execute J202600001 T202600045 T202600046
        serialctl children J202600001
        serialctl search web-1
        serialctl capacity
        serialctl void J202600017 --reason "printed twice"
        serialctl drain eu-1

      EXIT STATUS
        0   done
        1   refused: a bad serial, a missing right, a full counter, nothing found; verify: something \
      does not agree
        2   no node could be reached, or none can serve now, or the time to wait is over
        3   dev status: something is not running
        4   the outcome is unknown: the request may have been carried out; the message says how to \
      repeat it
        64  the command line is wrong

      Shell completion: serialctl --generate-completion-script bash|zsh|fish
      """,
    version: "0.1.0",
    subcommands: [
      NewCommand.self, ShowCommand.self, ValidateCommand.self, CapacityCommand.self,
      NodesCommand.self, LeasesCommand.self, GapsCommand.self, EventsCommand.self,
      JobCommand.self, TargetCommand.self, ExecutionCommand.self, BranchCommand.self,
      SearchCommand.self, ChildrenCommand.self, PurgeOutputsCommand.self, VerifyCommand.self,
      VoidCommand.self, UnvoidCommand.self, FreezeCommand.self,
      UnfreezeCommand.self, ReserveCommand.self, QuotaCommand.self, DrainCommand.self,
      RetireCommand.self, GrantsCommand.self, RecoverCommand.self, TokenCommand.self,
      MigrateLegacyCommand.self,
      DevCommand.self,
    ])
}
