import ArgumentParser
import Foundation
import SerialClient
import SerialFormat

struct JobCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "job",
    abstract: "Jobs: show, list, create, execute, and their executions.",
    discussion: """
      JOB is a serial, the number of its row, or what it was called before the migration.

      EXAMPLES
        serialctl job create "System Update" --type script
        serialctl job execute J202600001 T202600045 T202600046
        serialctl job executions J202600001 --status failed
      """,
    subcommands: [Show.self, List.self, Create.self, Execute.self, Executions.self])

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a job.",
      discussion: """
        EXAMPLES
          serialctl job show J202600001
          serialctl job show JOB-2025-000001
        """)

    @Argument(help: "Its serial, the number of its row, or its old identifier.")
    var job: String
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await control {
        try await ClusterClient.run { client in
          let data = try await client.get("/api/jobs/\(escaped(job))")
          try showRecord(data, output, as: JobRecord.self, text: RecordText.job)
        }
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List jobs, the newest first.",
      discussion: """
        When there are more, stderr says from where to go on.

        EXAMPLES
          serialctl job list --status running
          serialctl job list --name update --sort name --order asc
        """)

    @Option(help: "Only jobs with this status, such as running.")
    var status: String?
    @Option(help: "Only jobs of this type, such as script.")
    var type: String?
    @Option(help: "Only jobs whose name contains this, whatever the case.")
    var name: String?
    @Option(help: "By what: created_at, job_serial or name.")
    var sort = "created_at"
    @Option(help: "asc or desc.")
    var order = "desc"
    @OptionGroup var page: PageOptions
    @OptionGroup var output: OutputOptions

    struct Body: Decodable {
      let jobs: [JobRecord]
      let next: PageCursor?
    }

    func run() async throws {
      try await control {
        try await ClusterClient.run { client in
          let data = try await client.get(
            path(
              "/api/jobs",
              [
                ("status", status), ("job_type", type), ("name", name), ("sort", sort),
                ("order", order),
              ] + page.query))
          try showRecord(data, output, as: Body.self) { body in
            noteMore(body.next)
            return table(
              ["job", "status", "type", "created", "name"],
              body.jobs.map { job in
                [
                  job.serial.description, job.status.rawValue, job.jobType.rawValue,
                  RecordText.time(job.createdAt), job.name,
                ]
              })
          }
        }
      }
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create a job, which gets the next serial.",
      discussion: """
        EXAMPLES
          serialctl job create "System Update"
          serialctl job create "Nightly" --type script --scheduled-at 2026-01-31T02:00:00Z
        """)

    @Argument(help: "Its name, 1...255 characters.")
    var name: String
    @Option(help: "What it does, for people.")
    var description: String?
    @Option(help: "command, script, file_transfer or composite.")
    var type: String?
    @Option(help: "draft or scheduled, or another status.")
    var status: String?
    @Option(help: "The id of the user it is created for.")
    var createdBy: Int?
    @Option(help: "When it is to run, such as 2026-01-31T02:00:00Z.")
    var scheduledAt: TimeArgument?
    @OptionGroup var repeating: KeyOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let draft = JobDraft(
        name: name, description: description, jobType: type.map(JobType.init(rawValue:)),
        status: status.map(JobStatus.init(rawValue:)), createdBy: createdBy,
        scheduledAt: scheduledAt?.date)
      try await control {
        try await ClusterClient.run { client in
          let call = try recordCall(.post, "/api/jobs", draft, effect: .create)
          let data = try await client.ask(call, key: repeating.key)
          try showRecord(data, output, as: JobRecord.self, text: RecordText.job)
        }
      }
    }
  }

  struct Execute: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create an execution of a job, with one branch for each target.",
      discussion: """
        The branches are numbered in the order given; all of it is created or nothing.

        EXAMPLE
          serialctl job execute J202600001 T202600045 T202600046
        """)

    @Argument(help: "Its serial, the number of its row, or its old identifier.")
    var job: String
    @Argument(help: "Target serials, 1...9999.")
    var targets: [String]
    @Option(help: "When it is to run, such as 2026-01-31T02:00:00Z.")
    var scheduledAt: TimeArgument?
    @OptionGroup var repeating: KeyOptions
    @OptionGroup var output: OutputOptions

    struct Body: Encodable {
      let targetSerials: [String]
      let scheduledAt: Date?

      private enum CodingKeys: String, CodingKey {
        case targetSerials = "target_serials"
        case scheduledAt = "scheduled_at"
      }
    }

    func run() async throws {
      try await control {
        try await ClusterClient.run { client in
          let call = try recordCall(
            .post, "/api/jobs/\(escaped(job))/execute",
            Body(targetSerials: targets, scheduledAt: scheduledAt?.date), effect: .create)
          let data = try await client.ask(call, key: repeating.key)
          try showRecord(data, output, as: ExecutionDetail.self, text: ExecutionCommand.text)
        }
      }
    }
  }

  struct Executions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the executions of a job, the newest first.",
      discussion: """
        EXAMPLE
          serialctl job executions J202600001 --status failed
        """)

    @Argument(help: "Its serial, the number of its row, or its old identifier.")
    var job: String
    @Option(help: "Only executions with this status.")
    var status: String?
    @Option(help: "asc or desc, by number.")
    var order = "desc"
    @OptionGroup var page: PageOptions
    @OptionGroup var output: OutputOptions

    struct Body: Decodable {
      let executions: [ExecutionRecord]
      let next: PageCursor?
    }

    func run() async throws {
      try await control {
        try await ClusterClient.run { client in
          let data = try await client.get(
            path(
              "/api/jobs/\(escaped(job))/executions",
              [("status", status), ("order", order)] + page.query))
          try showRecord(data, output, as: Body.self) { body in
            noteMore(body.next)
            return RecordText.executions(body.executions)
          }
        }
      }
    }
  }
}
