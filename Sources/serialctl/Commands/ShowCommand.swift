import ArgumentParser
import Foundation
import SerialClient
import SerialFormat

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Say what a serial is and who got it, with its record when there is one.",
    discussion: """
      EXAMPLES
        serialctl show J202600001
        serialctl show J202600001.0003.0015
      """)

  @Argument(help: "A serial: J202600001, T202600001, J202600001.0003 or J202600001.0003.0015.")
  var serial: String

  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.get("/api/serials/\(escaped(serial))")
        if output.json {
          print(try pretty(data))
          return
        }
        let shown = try decodeRecord(data, as: Shown.self)
        print(
          RecordText.lines([
            ("serial", shown.serial), ("kind", shown.kind), ("state", shown.state),
            ("parent", shown.parent), ("issued at", RecordText.time(shown.issuedAt)),
            ("node", shown.node), ("subject", shown.subject), ("request", shown.requestID),
          ]))
        if let record = shown.record { print("\n" + RecordText.record(record)) }
      }
    }
  }

  /// As the node wrote it: a number that cannot be issued any more is shown too.
  struct Shown: Decodable {
    let serial: String
    let kind: String
    let state: String
    let parent: String?
    let issuedAt: Date?
    let node: String?
    let subject: String?
    let requestID: String?
    let record: AnyRecord?

    private enum CodingKeys: String, CodingKey {
      case serial, kind, state, parent, node, subject, record
      case issuedAt = "issued_at"
      case requestID = "request_id"
    }
  }
}

struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Say whether texts are well-formed serials; asks no node.",
    discussion: """
      Ends with status 1 when one of them is not.

      EXAMPLE
        serialctl validate J202600001 J202600001.0003.0015
      """)

  @Argument(help: "The texts.")
  var serials: [String]

  @OptionGroup var output: OutputOptions

  struct Verdict: Encodable {
    let serial: String
    let valid: Bool
    let kind: String?
    let reason: String?
  }

  func run() async throws {
    let verdicts = serials.map { text -> Verdict in
      do {
        let serial = try Serial(parsing: text)
        return Verdict(serial: text, valid: true, kind: "\(serial.kind)", reason: nil)
      } catch {
        return Verdict(serial: text, valid: false, kind: nil, reason: "\(error)")
      }
    }
    if output.json {
      print(try pretty(JSONEncoder().encode(["results": verdicts])))
    } else {
      for verdict in verdicts {
        print(
          verdict.valid
            ? "\(verdict.serial)  valid \(verdict.kind ?? "")"
            : "\(verdict.serial)  not valid: \(verdict.reason ?? "")")
      }
    }
    if !verdicts.allSatisfy(\.valid) { throw ExitCode(1) }
  }
}
