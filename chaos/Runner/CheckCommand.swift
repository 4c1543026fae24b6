import ArgumentParser
import ChaosHistory
import ChaosReport
import ChaosVerdict
import Foundation

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Judge a history that was kept.",
    discussion: "Exit status 1 with any violation, 2 when the file is no history.")

  @Argument(help: "A history file, as `chaos run` writes it.")
  var file: String

  @Option(help: "Write the report there too.")
  var report: String?

  @Flag(help: "Print the verdict as JSON.")
  var json = false

  func run() throws {
    let history: History
    do {
      history = try History.read(try Data(contentsOf: URL(filePath: file)))
    } catch {
      FileHandle.standardError.write(Data("error: \(file): \(error)\n".utf8))
      throw ExitCode(2)
    }
    let verdict = Verdict.judge(history)
    if let report {
      try Data(Report.page(history, verdict).utf8).write(to: URL(filePath: report))
    }
    print(
      json
        ? String(decoding: try Results.encode(verdict), as: UTF8.self) : verdict.text(history.run))
    if !verdict.violations.isEmpty { throw ExitCode(1) }
  }
}

/// What a run leaves beside its history.
enum Results {
  static func write(_ history: History, _ verdict: Verdict, to folder: String) throws {
    try encode(verdict).write(to: URL(filePath: "\(folder)/verdict.json"))
    try Data(Report.page(history, verdict).utf8).write(to: URL(filePath: "\(folder)/report.html"))
  }

  static func encode(_ verdict: Verdict) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(verdict)
  }
}
