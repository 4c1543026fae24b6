import ArgumentParser
import Foundation
import SerialFormat

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Say what a serial is and who got it.",
    discussion: """
      EXAMPLE
        serialctl show J202600001
      """)

  @Argument(help: "A serial: J202600001, T202600001, J202600001.0003 or J202600001.0003.0015.")
  var serial: String

  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await control {
      do {
        _ = try Serial(parsing: serial)
      } catch {
        throw ControlFailure(.refused, "\(error)")
      }
      try await ClusterClient.run { client in
        let data = try await client.get("/api/serials/\(serial)")
        if output.json {
          print(try pretty(data))
          return
        }
        let shown = try decode(data, as: Shown.self)
        let lines: [(String, String?)] = [
          ("serial", shown.serial), ("kind", shown.kind), ("state", shown.state),
          ("parent", shown.parent), ("issued at", shown.issuedAt), ("node", shown.node),
          ("subject", shown.subject), ("request", shown.requestId),
        ]
        for (name, value) in lines {
          guard let value else { continue }
          print(name.padding(toLength: 10, withPad: " ", startingAt: 0), value)
        }
      }
    }
  }

  struct Shown: Decodable {
    let serial: String
    let kind: String
    let state: String
    let parent: String?
    let issuedAt: String?
    let node: String?
    let subject: String?
    let requestId: String?
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
