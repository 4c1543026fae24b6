import ArgumentParser
import Foundation
import SerialClient
import SerialFormat

struct SearchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search",
    abstract: "Search jobs, targets, executions and branches by serial or name.",
    discussion: """
      A text that begins like a serial is searched as the beginning of serials, any other in names \
      of at least three characters. An old identifier finds its record.

      EXAMPLES
        serialctl search J202600001
        serialctl search update --type job
      """)

  @Argument(help: "How a serial begins, or a part of a name.")
  var text: String
  @Option(help: "job, execution, branch, target or all.")
  var type = "all"
  @OptionGroup var page: PageOptions
  @OptionGroup var output: OutputOptions

  struct Body: Decodable {
    let results: [SearchHit]
    let next: PageCursor?
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.get(
          path("/api/search", [("q", text), ("type", type)] + page.query))
        try showRecord(data, output, as: Body.self) { body in
          noteMore(body.next)
          return table(
            ["serial", "kind", "status", "created", "job", "target"],
            body.results.map { hit in
              [
                hit.serial.description, hit.kind.rawValue, hit.status ?? "",
                RecordText.time(hit.createdAt), hit.jobName ?? "",
                [hit.targetSerial?.description, hit.targetName].compactMap(\.self)
                  .joined(separator: " "),
              ]
            })
        }
      }
    }
  }
}

struct PurgeOutputsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "purge-outputs",
    abstract: "Remove the outputs of results that were finished before a time.",
    discussion: """
      For ever; serials, statuses, times and exit codes stay. Needs cluster:admin. It works in \
      steps, says on stderr how far it is, and can be interrupted and repeated.

      EXAMPLE
        serialctl purge-outputs --before 2026-01-01
      """)

  @Option(help: "Results that were finished before: 2026-01-01, or 2026-01-31T02:00:00Z.")
  var before: TimeArgument
  @Option(help: "How many results in one step, 1...10000.")
  var step = 1_000
  @OptionGroup var output: OutputOptions

  struct Request: Encodable {
    let before: Date
    let limit: Int
  }

  struct Purged: Decodable {
    let purged: Int
  }

  func validate() throws {
    guard (1...10_000).contains(step) else {
      throw ValidationError("--step is \(step): expected 1...10000")
    }
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let call = try recordCall(
          .post, "/api/outputs/purge", Request(before: before.date, limit: step), effect: .change)
        var total = 0
        while true {
          let purged = try decodeRecord(try await client.ask(call), as: Purged.self).purged
          total += purged
          guard purged > 0 else { break }
          note("\(total) results so far")
        }
        print(output.json ? try pretty(["purged": total]) : "purged: \(total)")
      }
    }
  }
}
