import ArgumentParser
import Foundation
import SerialClient
import SerialFormat

struct TargetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "target",
    abstract: "Targets: show, list, create, how they do, and their results.",
    discussion: """
      EXAMPLES
        serialctl target create web-1 --os linux --environment production
        serialctl target performance T202600045 --days 7
        serialctl target results T202600045
      """,
    subcommands: [Show.self, List.self, Create.self, Performance.self, Results.self])

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a target.",
      discussion: """
        EXAMPLE
          serialctl target show T202600045
        """)

    @Argument(help: "Its serial, the number of its row, or its old identifier.")
    var target: String
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await control {
        try await ClusterClient.run { client in
          let data = try await client.get("/api/targets/\(escaped(target))")
          try showRecord(data, output, as: TargetRecord.self, text: RecordText.target)
        }
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List targets, the newest first.",
      discussion: """
        When there are more, stderr says from where to go on.

        EXAMPLES
          serialctl target list --environment production
          serialctl target list --name web --sort name --order asc
        """)

    @Option(name: .customLong("os"), help: "Only targets with this operating system.")
    var osType: String?
    @Option(help: "Only targets of this environment.")
    var environment: String?
    @Option(help: "Only targets of this region.")
    var region: String?
    @Option(help: "Only targets with this status.")
    var status: String?
    @Option(help: "Only targets that are active (true) or not (false).")
    var active: Bool?
    @Option(help: "Only targets whose name contains this, whatever the case.")
    var name: String?
    @Option(help: "By what: created_at, target_serial or name.")
    var sort = "created_at"
    @Option(help: "asc or desc.")
    var order = "desc"
    @OptionGroup var page: PageOptions
    @OptionGroup var output: OutputOptions

    struct Body: Decodable {
      let targets: [TargetRecord]
      let next: PageCursor?
    }

    func run() async throws {
      try await control {
        try await ClusterClient.run { client in
          let data = try await client.get(
            path(
              "/api/targets",
              [
                ("os_type", osType), ("environment", environment), ("region", region),
                ("status", status), ("is_active", active.map { String($0) }), ("name", name),
                ("sort", sort), ("order", order),
              ] + page.query))
          try showRecord(data, output, as: Body.self) { body in
            noteMore(body.next)
            return table(
              ["target", "status", "health", "system", "environment", "region", "name"],
              body.targets.map { target in
                [
                  target.serial.description, target.status ?? "", target.healthStatus ?? "",
                  target.osType ?? "", target.environment ?? "", target.region ?? "", target.name,
                ]
              })
          }
        }
      }
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Create a target, which gets the next serial.",
      discussion: """
        EXAMPLE
          serialctl target create web-1 --os linux --environment production --region eu
        """)

    @Argument(help: "Its name, 1...100 characters; need not be unique.")
    var name: String
    @Option(name: .customLong("os"), help: "Its operating system.")
    var osType: String?
    @Option(help: "What kind of target it is.")
    var type: String?
    @Option(help: "What it is, for people.")
    var description: String?
    @Option(help: "Such as production.")
    var environment: String?
    @Option(help: "Where it stands.")
    var location: String?
    @Option(help: "In which data center.")
    var dataCenter: String?
    @Option(help: "In which region.")
    var region: String?
    @OptionGroup var repeating: KeyOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let draft = TargetDraft(
        name: name, targetType: type, description: description, osType: osType,
        environment: environment, location: location, dataCenter: dataCenter, region: region)
      try await control {
        try await ClusterClient.run { client in
          let call = try recordCall(.post, "/api/targets", draft, effect: .create)
          let data = try await client.ask(call, key: repeating.key)
          try showRecord(data, output, as: TargetRecord.self, text: RecordText.target)
        }
      }
    }
  }

  struct Performance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say how a target did in the last days.",
      discussion: """
        The success rate is that of the results that succeeded or failed.

        EXAMPLE
          serialctl target performance T202600045 --days 7
        """)

    @Argument(help: "Its serial, or its old identifier.")
    var target: String
    @Option(help: "How many days, 1...3650.")
    var days = 30
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await control {
        try await ClusterClient.run { client in
          let data = try await client.get(
            path("/api/targets/\(escaped(target))/performance", [("days", String(days))]))
          try showRecord(data, output, as: TargetPerformance.self, text: Self.text)
        }
      }
    }

    static func text(_ performance: TargetPerformance) -> String {
      let totals = performance.totals
      let summary = RecordText.lines([
        ("target", "\(performance.target) \(performance.name)"),
        ("period", "\(performance.days) days"), ("results", String(totals.total)),
        ("successful", String(totals.successful)), ("failed", String(totals.failed)),
        ("cancelled", String(totals.cancelled)), ("unfinished", String(totals.unfinished)),
        ("success", totals.successRate.map { String(format: "%.1f %%", $0) } ?? "none judged"),
        ("took", RecordText.duration(seconds: totals.averageDuration)),
      ])
      if performance.recent.isEmpty { return summary }
      return summary + "\n\n" + RecordText.branches(performance.recent)
    }
  }

  struct Results: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "List the results of a target, the newest first.",
      discussion: """
        EXAMPLE
          serialctl target results T202600045 --limit 20 --offset 40
        """)

    @Argument(help: "Its serial, or its old identifier.")
    var target: String
    @Option(help: "How many at most, 1...1000.")
    var limit = 50
    @Option(help: "How many of the newest to leave out.")
    var offset = 0
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await control {
        try await ClusterClient.run { client in
          let data = try await client.get(
            path(
              "/api/targets/\(escaped(target))/executions",
              [("limit", String(limit)), ("offset", String(offset))]))
          try showRecord(data, output, as: TargetResults.self) { page in
            let end = page.offset + page.results.count
            if end < page.total { note("\(end) of \(page.total) shown: --offset \(end)") }
            return RecordText.branches(page.results)
          }
        }
      }
    }
  }
}
