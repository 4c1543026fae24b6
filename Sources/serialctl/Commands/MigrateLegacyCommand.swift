import ArgumentParser
import Foundation
import LibPQ
import Logging
import Registry

struct MigrateLegacyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate-legacy",
    abstract: "Give an existing EnableDRM installation its serials.",
    discussion: """
      Works on the database itself, as an administrator, after `seriald migrate`. The old application may \
      keep writing meanwhile. A run that was killed is gone on with by the next one; one that finds \
      everything done changes nothing. Begin with --dry-run: it writes nothing and says all of it. \
      docs/migration.md says what is decided how, and how to go back.

      EXAMPLES
        serialctl migrate-legacy --database-url "$DATABASE_URL" --dry-run --report changes.csv
        serialctl migrate-legacy --database-url "$DATABASE_URL" --report changes.csv
      """)

  @Option(
    name: .customLong("database-url"),
    help: ArgumentHelp(
      "An administrator's connection; SERIAL_DATABASE_URL or DATABASE_URL when not given. It needs no "
        + "password: the role logs in with its certificate."))
  var databaseURL: String?

  @Flag(help: "Write nothing, and say everything that would happen.")
  var dryRun = false

  @Option(help: "Write every changed value into this file, as comma separated values.")
  var report: String?

  @Option(
    help: ArgumentHelp(
      "What happens from then on to a job or target that the application inserts with a serial of its own: "
        + "renumber or refuse."),
    transform: { text in
      guard let writes = LegacyOptions.Writes(rawValue: text) else {
        throw ValidationError("--legacy-writes is \(text): expected renumber or refuse")
      }
      return writes
    })
  var legacyWrites = LegacyOptions.Writes.renumber

  @Option(help: "Rows in one transaction, 1...100000.")
  var batch = 5_000

  func validate() throws {
    guard LegacyOptions.batches.contains(batch) else {
      throw ValidationError("--batch is \(batch): expected 1...100000")
    }
  }

  func run() async throws {
    try await control {
      let connection = try await connect()
      let console = LegacyConsole()
      do {
        try await work(on: connection, console)
      } catch let error as LegacyError {
        await connection.close()
        console.close()
        for finding in error.findings { print("stops: \(finding)") }
        throw ControlFailure(error.code == .lockedOut ? .unavailable : .refused, error.detail)
      } catch let error as LibPQError {
        await connection.close()
        console.close()
        throw ControlFailure(
          error.outcome == .unknown ? .outcomeUnknown : .refused,
          "\(error.explanation)\nRun the command again to go on where it stopped.")
      } catch {
        await connection.close()
        console.close()
        throw error
      }
      await connection.close()
    }
  }

  private func work(on connection: Connection, _ console: LegacyConsole) async throws {
    let migration = LegacyMigration(
      connection: connection, options: LegacyOptions(writes: legacyWrites, batch: batch),
      observe: { console.show($0) })
    let file = try report.map { try LegacyReportFile(path: $0) }
    if dryRun {
      let forecast = try await migration.rehearse { try file?.write($0) }
      console.close()
      print(Self.text(forecast))
      print("Nothing was written. Without --dry-run the above is done.")
    } else {
      let outcome = try await migration.run()
      console.close()
      try await migration.changes { try file?.write($0) }
      print(Self.text(try await migration.summary()))
      print(Self.text(outcome))
    }
    if let file {
      print("\(LegacyProgress.grouped(try file.finish())) changes are in \(report ?? "").")
    }
  }

  private func connect() async throws -> Connection {
    let environment = ProcessInfo.processInfo.environment
    guard
      let url = databaseURL ?? environment["SERIAL_DATABASE_URL"] ?? environment["DATABASE_URL"],
      !url.isEmpty
    else {
      throw ValidationError("--database-url is missing: expected an administrator's connection")
    }
    var logger = Logger(label: "serialctl")
    logger.logLevel = .warning
    do throws(LibPQError) {
      return try await Connection.connect(
        try ConnectionOptions(parsing: url), limits: LegacyMigration.limits, logger: logger)
    } catch {
      throw ControlFailure(.unavailable, "no connection to the database: \(error.explanation)")
    }
  }

  private static func text(_ forecast: [LegacyForecast]) -> String {
    guard !forecast.isEmpty else { return "Jobs and targets have their serials already." }
    return table(
      ["counter", "records", "keep their number", "get another", "become void"],
      forecast.map {
        ["\($0.kind) \($0.year)", "\($0.records)", "\($0.kept)", "\($0.renumbered)", "\($0.void)"]
      })
  }

  private static func text(_ summary: [LegacySummary]) -> String {
    summary.isEmpty
      ? "No identifier was changed."
      : table(
        ["changed", "why", "how many"],
        summary.map { ["\($0.table).\($0.column)", $0.reason, "\($0.changes)"] })
  }

  private static func text(_ outcome: LegacyOutcome) -> String {
    if outcome.wasReady {
      return outcome.wasMigrated
        ? "The registry is migrated already: nothing was changed."
        : "This database is not an older installation: there is nothing to migrate."
    }
    var lines = ["The registry is ready."]
    if !outcome.hasServiceUser {
      lines.append(
        "The table of users takes no user `seriald`: jobs have to name their creator (created_by).")
    }
    lines += outcome.disagreements.map { "disagrees: \($0)" }
    return lines.joined(separator: "\n")
  }
}
