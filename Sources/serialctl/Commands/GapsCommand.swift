import ArgumentParser
import Foundation
import SerialFormat

struct GapsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gaps",
    abstract: "List the numbers that are neither free nor recorded.",
    discussion: """
      In ranges, with what is known of each: leased (held by a node, not issued), issued (to whom and \
      when; no record carries it), committed-ahead (by a node that has not said yet who got it), \
      unacknowledged (issued in a lease that ended without a word on who got it), carved (a node \
      proved it after the coordinator had forgotten it), void. It only reads.

      EXAMPLES
        serialctl gaps
        serialctl gaps --kind job --year 2026
      """)

  @Option(help: "Only this kind: job or target.")
  var kind: Kind?

  @Option(help: "Only this UTC year.")
  var year: Int?

  @Option(help: "How many ranges at most; without it all.")
  var limit: Int?

  @OptionGroup var output: OutputOptions

  struct Page: Decodable {
    let gaps: [Gap]
    let next: String?

    struct Gap: Decodable {
      let firstSerial: String
      let lastSerial: String
      let count: Int
      let state: String
      let node: String?
      let subject: String?
      let at: String?
      let reason: String?
    }
  }

  func validate() throws {
    if let year, !Capacity.years.contains(year) {
      throw ValidationError("--year is \(year): expected 2000...9999")
    }
    if let limit, limit < 1 {
      throw ValidationError("--limit is \(limit): expected 1 or more")
    }
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        var rows: [[String]] = []
        var objects: [Any] = []
        var after: String?
        repeat {
          let size = min(1000, (limit ?? .max) - rows.count)
          let data = try await client.get(
            path(
              "/api/gaps",
              [
                ("kind", kind?.rawValue), ("year", year.map(String.init)), ("after", after),
                ("limit", String(size)),
              ]))
          let page = try decode(data, as: Page.self)
          rows += page.gaps.map(Self.row)
          if output.json { objects += try entries(of: data, "gaps") }
          after = page.next
        } while after != nil && rows.count < limit ?? .max
        if output.json {
          print(try pretty(["gaps": objects, "next": after as Any? ?? NSNull()]))
        } else {
          print(table(["serials", "count", "state", "node", "subject", "at", "reason"], rows))
        }
      }
    }
  }

  private static func row(_ gap: Page.Gap) -> [String] {
    let serials = gap.count == 1 ? gap.firstSerial : "\(gap.firstSerial)...\(gap.lastSerial)"
    return [
      serials, String(gap.count), gap.state, gap.node ?? "", gap.subject ?? "", gap.at ?? "",
      gap.reason ?? "",
    ]
  }
}

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Hold ledger, issue log, leases, keys and records against each other.",
    discussion: """
      Lists what does not agree and ends with status 1 when something does not. It only reads, and \
      looks at every number of the ledger: it may take seconds.

      EXAMPLE
        serialctl verify
      """)

  @OptionGroup var output: OutputOptions

  struct Verification: Decodable {
    let agrees: Bool
    let disagreements: [Disagreement]

    struct Disagreement: Decodable {
      let check: String
      let kind: String?
      let year: Int?
      let first: Int?
      let last: Int?
      let detail: String
    }
  }

  func run() async throws {
    try await control {
      let agrees = try await ClusterClient.run { client in
        let data = try await client.get("/api/verify")
        let verification = try decode(data, as: Verification.self)
        try show(data, output, as: Verification.self, text: Self.text)
        return verification.agrees
      }
      if !agrees { throw ExitCode(ControlFailure.Status.refused.rawValue) }
    }
  }

  private static func text(_ verification: Verification) -> String {
    guard !verification.agrees else { return "everything agrees" }
    let rows = verification.disagreements.map { entry in
      [
        entry.check,
        [entry.kind, entry.year.map(String.init)].compactMap(\.self).joined(separator: " "),
        numbers(entry.first, entry.last), entry.detail,
      ]
    }
    return table(["check", "counter", "numbers", "detail"], rows)
  }
}
