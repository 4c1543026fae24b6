import ArgumentParser
import Foundation
import SerialClient
import SerialFormat

struct ExecutionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "execution",
    abstract: "Executions: show, search, update.",
    discussion: """
      EXAMPLES
        serialctl execution show J202600001.0003
        serialctl execution search update
        serialctl execution update J202600001.0003 --status cancelled
      """,
    subcommands: [Show.self, Search.self, Update.self])

  static func text(_ detail: ExecutionDetail) -> String {
    let record = RecordText.execution(detail.execution)
    if detail.branches.isEmpty { return record }
    return record + "\n\n" + RecordText.branches(detail.branches)
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show an execution with its branches.",
      discussion: """
        EXAMPLE
          serialctl execution show J202600001.0003 --limit 20
        """)

    @Argument(help: "Its serial.")
    var execution: String
    @OptionGroup var page: PageOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await control {
        try await ClusterClient.run { client in
          let data = try await client.get(
            path("/api/executions/serial/\(escaped(execution))", page.query))
          try showRecord(data, output, as: ExecutionDetail.self) { detail in
            noteMore(detail.next)
            return ExecutionCommand.text(detail)
          }
        }
      }
    }
  }

  struct Search: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Search executions and branches by serial, job name or target name.",
      discussion: """
        EXAMPLES
          serialctl execution search J202600001.00
          serialctl execution search web-1 --type branch
        """)

    @Argument(help: "How a serial begins, or a part of a name.")
    var text: String
    @Option(help: "execution, branch or all.")
    var type = "all"
    @OptionGroup var page: PageOptions
    @OptionGroup var output: OutputOptions

    struct Body: Decodable {
      let results: [Hit]
      let next: PageCursor?

      struct Hit: Decodable {
        let type: String
        let executionSerial: ExecutionSerial
        let branchSerial: BranchSerial?
        let jobName: String?
        let targetName: String?
        let status: String?
        let createdAt: Date?

        private enum CodingKeys: String, CodingKey {
          case type
          case executionSerial = "execution_serial"
          case branchSerial = "branch_serial"
          case jobName = "job_name"
          case targetName = "target_name"
          case status
          case createdAt = "created_at"
        }
      }
    }

    func run() async throws {
      try await control {
        try await ClusterClient.run { client in
          let data = try await client.get(
            path("/api/executions/search", [("q", text), ("type", type)] + page.query))
          try showRecord(data, output, as: Body.self) { body in
            noteMore(body.next)
            return table(
              ["serial", "status", "created", "job", "target"],
              body.results.map { hit in
                [
                  hit.branchSerial?.description ?? hit.executionSerial.description,
                  hit.status ?? "", RecordText.time(hit.createdAt), hit.jobName ?? "",
                  hit.targetName ?? "",
                ]
              })
          }
        }
      }
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change an execution's status or times.",
      discussion: """
        A finished execution never changes; `cancelled` cancels its unfinished branches too. An \
        execution's status follows from its branches by itself.

        EXAMPLE
          serialctl execution update J202600001.0003 --status cancelled
        """)

    @Argument(help: "Its serial.")
    var execution: String
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard change.isSomething else { throw ValidationError("there is nothing to change") }
    }

    func run() async throws {
      let body = ExecutionChange(
        status: change.recordStatus, startedAt: change.startedAt?.date,
        completedAt: change.completedAt?.date)
      try await control {
        try await ClusterClient.run { client in
          let call = try recordCall(
            .patch, "/api/executions/\(escaped(execution))", body, effect: .change)
          let data = try await client.ask(call)
          try showRecord(data, output, as: ExecutionRecord.self, text: RecordText.execution)
        }
      }
    }
  }
}

/// What executions and branches have in common when they change.
struct ChangeOptions: ParsableArguments {
  @Option(help: "scheduled, running, completed, failed or cancelled.")
  var status: String?
  @Option(help: "When it started; without it the server sets it.")
  var startedAt: TimeArgument?
  @Option(help: "When it ended; without it the server sets it.")
  var completedAt: TimeArgument?

  var recordStatus: RecordStatus? { status.map(RecordStatus.init(rawValue:)) }
  var isSomething: Bool { status != nil || startedAt != nil || completedAt != nil }
}
