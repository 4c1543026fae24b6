import ArgumentParser

struct QuotaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "quota",
    abstract: "Show, set or remove what a subject may use up.",
    discussion: """
      A subject is who a token was made for. Without a quota there is no limit: a client in a loop \
      would use up the year in seconds.

      EXAMPLES
        serialctl quota
        serialctl quota set billing --per-minute 60 --per-year 20000
        serialctl quota remove billing
      """,
    subcommands: [QuotaListCommand.self, QuotaSetCommand.self, QuotaRemoveCommand.self],
    defaultSubcommand: QuotaListCommand.self)
}

struct QuotaListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the quotas and what was used of them.")

  @OptionGroup var output: OutputOptions

  struct Quotas: Decodable {
    let quotas: [Quota]

    struct Quota: Decodable {
      let subject: String
      let perMinute: Int?
      let perYear: Int?
      let usedThisMinute: Int
      let usedThisYear: Int
    }
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        try show(try await client.get("/api/quotas"), output, as: Quotas.self) { answer in
          table(
            ["subject", "a minute", "used", "a year", "used"],
            answer.quotas.map {
              [
                $0.subject, $0.perMinute.map(String.init) ?? "no limit", String($0.usedThisMinute),
                $0.perYear.map(String.init) ?? "no limit", String($0.usedThisYear),
              ]
            })
        }
      }
    }
  }
}

/// The limits that a node says it keeps from now on.
private struct Quota: Decodable {
  let subject: String
  let perMinute: Int?
  let perYear: Int?

  var text: String {
    guard perMinute != nil || perYear != nil else { return "\(subject): no limit" }
    let limits = [perMinute.map { "\($0) a minute" }, perYear.map { "\($0) a year" }]
    return "\(subject): " + limits.compactMap(\.self).joined(separator: ", ")
  }
}

struct QuotaSetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Limit a subject, instead of what it had before.",
    discussion: """
      A limit that is not given is none. Requests above a limit are refused with the code \
      quota-exceeded until the next minute or year (UTC).
      """)

  @Argument(help: "Who, as in the token.")
  var subject: String

  @Option(help: "Numbers a minute, 1...1000000.")
  var perMinute: Int?

  @Option(help: "Numbers in a UTC year, 1...1000000.")
  var perYear: Int?

  @OptionGroup var output: OutputOptions

  struct Body: Encodable {
    let perMinute: Int?
    let perYear: Int?
  }

  func validate() throws {
    guard perMinute != nil || perYear != nil else {
      throw ValidationError("expected --per-minute or --per-year, or both")
    }
    for (name, limit) in [("per-minute", perMinute), ("per-year", perYear)] {
      if let limit, !(1...1_000_000).contains(limit) {
        throw ValidationError("--\(name) is \(limit): expected 1...1000000")
      }
    }
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.put(
          "/api/quotas/\(escaped(subject))", Body(perMinute: perMinute, perYear: perYear))
        try show(data, output, as: Quota.self, text: \.text)
      }
    }
  }
}

struct QuotaRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove the quota of a subject: it has no limit then.")

  @Argument(help: "Who, as in the token.")
  var subject: String

  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.delete("/api/quotas/\(escaped(subject))")
        try show(data, output, as: Quota.self, text: \.text)
      }
    }
  }
}
