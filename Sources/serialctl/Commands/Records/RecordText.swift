import ArgumentParser
import Foundation
import SerialClient
import SerialFormat

/// How records are written for people.
enum RecordText {
  private static let format = Date.VerbatimFormatStyle(
    format: """
      \(year: .padded(4))-\(month: .twoDigits)-\(day: .twoDigits) \
      \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\
      \(second: .twoDigits) UTC
      """,
    locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt,
    calendar: Calendar(identifier: .gregorian)
  )

  /// Such as `2026-01-31 12:00:00 UTC`; empty for none.
  static func time(_ date: Date?) -> String { date.map { $0.formatted(format) } ?? "" }

  /// Such as `0.250 s`, `4 min 12 s` or `3 h 5 min`.
  static func duration(seconds: Double?) -> String {
    guard let seconds else { return "" }
    if seconds < 60 { return String(format: seconds < 1 ? "%.3f s" : "%.1f s", seconds) }
    let whole = Int(min(seconds, 1e12).rounded())
    return whole < 3600
      ? "\(whole / 60) min \(whole % 60) s" : "\(whole / 3600) h \(whole % 3600 / 60) min"
  }

  static func duration(from start: Date?, to end: Date?) -> String {
    guard let start, let end else { return "" }
    return duration(seconds: end.timeIntervalSince(start))
  }

  /// One line for each value that is there, the names aligned. A value of several lines stays under
  /// its first one.
  static func lines(_ values: [(name: String, value: String?)]) -> String {
    let shown = values.compactMap { name, value in
      value.flatMap { $0.isEmpty ? nil : (name, printable($0)) }
    }
    let width = shown.map(\.0.count).max() ?? 0
    let indent = String(repeating: " ", count: width + 2)
    return shown.map { name, value in
      name.padding(toLength: width + 2, withPad: " ", startingAt: 0)
        + value.split(separator: "\n", omittingEmptySubsequences: false)
        .joined(separator: "\n" + indent)
    }.joined(separator: "\n")
  }

  static func job(_ job: JobRecord) -> String {
    lines([
      ("job", job.serial.description), ("name", job.name), ("description", job.description),
      ("type", job.jobType.rawValue), ("status", job.status.rawValue), ("id", String(job.id)),
      ("uuid", job.uuid?.uuidString.lowercased()),
      ("created by", job.createdBy.map { "user \($0)" }),
      ("created", time(job.createdAt)), ("updated", time(job.updatedAt)),
      ("scheduled", time(job.scheduledAt)), ("started", time(job.startedAt)),
      ("completed", time(job.completedAt)),
    ])
  }

  static func target(_ target: TargetRecord) -> String {
    let places = [target.environment, target.region, target.dataCenter, target.location]
    return lines([
      ("target", target.serial.description), ("name", target.name),
      ("description", target.description), ("type", target.targetType), ("system", target.osType),
      ("place", places.compactMap(\.self).joined(separator: " / ")),
      ("active", target.isActive.map { $0 ? "yes" : "no" }), ("status", target.status),
      ("health", target.healthStatus), ("id", String(target.id)),
      ("uuid", target.uuid?.uuidString.lowercased()), ("created", time(target.createdAt)),
      ("updated", time(target.updatedAt)),
    ])
  }

  static func execution(_ execution: ExecutionRecord) -> String {
    lines([
      ("execution", execution.serial.description),
      ("job", "\(execution.jobSerial) \(execution.jobName ?? "")"),
      ("number", String(execution.number)), ("status", execution.status.rawValue),
      ("targets", execution.branchCount.map { String($0) }), ("id", String(execution.id)),
      ("uuid", execution.uuid?.uuidString.lowercased()), ("created", time(execution.createdAt)),
      ("scheduled", time(execution.scheduledAt)), ("started", time(execution.startedAt)),
      ("completed", time(execution.completedAt)),
      ("took", duration(from: execution.startedAt, to: execution.completedAt)),
    ])
  }

  static func branch(_ branch: BranchRecord) -> String {
    let target = [branch.targetSerial?.description, branch.target?.name]
    let cut = branch.areOutputsCut == true ? "only the beginning: serialctl branch show" : nil
    return lines([
      ("branch", branch.serial.description), ("execution", branch.executionSerial.description),
      ("job", branch.job.map { "\($0.serial) \($0.name)" }),
      ("target", target.compactMap(\.self).joined(separator: " ")),
      ("status", branch.status.rawValue), ("exit code", branch.exitCode.map { String($0) }),
      ("id", String(branch.id)), ("uuid", branch.uuid?.uuidString.lowercased()),
      ("created", time(branch.createdAt)), ("scheduled", time(branch.scheduledAt)),
      ("started", time(branch.startedAt)), ("completed", time(branch.completedAt)),
      ("took", duration(from: branch.startedAt, to: branch.completedAt)),
      ("purged", time(branch.outputsPurgedAt)), ("output", branch.output),
      ("error", branch.error), ("outputs", cut),
    ])
  }

  static func record(_ record: AnyRecord) -> String {
    switch record {
    case .job(let record): job(record)
    case .target(let record): target(record)
    case .execution(let record): execution(record)
    case .branch(let record): branch(record)
    }
  }

  static func branches(_ branches: [BranchRecord]) -> String {
    table(
      ["branch", "status", "target", "name", "exit", "started", "took"],
      branches.map { branch in
        [
          branch.serial.description, branch.status.rawValue,
          branch.targetSerial?.description ?? "", branch.target?.name ?? "",
          branch.exitCode.map { String($0) } ?? "", time(branch.startedAt),
          duration(from: branch.startedAt, to: branch.completedAt),
        ]
      })
  }

  static func executions(_ executions: [ExecutionRecord]) -> String {
    table(
      ["execution", "status", "targets", "created", "started", "took"],
      executions.map { execution in
        [
          execution.serial.description, execution.status.rawValue,
          execution.branchCount.map { String($0) } ?? "", time(execution.createdAt),
          time(execution.startedAt),
          duration(from: execution.startedAt, to: execution.completedAt),
        ]
      })
  }

  /// Names and outputs come from elsewhere: what would steer a terminal is shown and not sent to it.
  static func printable(_ text: String) -> String {
    shown(text) { $0 != "\n" && $0 != "\t" }
  }

  /// The same where a text has one line.
  static func oneLine(_ text: String) -> String { shown(text) { _ in true } }

  private static func shown(_ text: String, without isUnwanted: (Unicode.Scalar) -> Bool) -> String
  {
    var shown = ""
    for scalar in text.unicodeScalars {
      if scalar.properties.generalCategory == .control, isUnwanted(scalar) {
        shown += "\\u{" + String(scalar.value, radix: 16) + "}"
      } else {
        shown.unicodeScalars.append(scalar)
      }
    }
    return shown
  }
}

/// The node's answer, or what `text` makes of it.
func showRecord<Value: Decodable>(
  _ data: Data, _ output: OutputOptions, as: Value.Type, text: (Value) -> String
) throws {
  print(output.json ? try pretty(data) : text(try decodeRecord(data, as: Value.self)))
}

func decodeRecord<Value: Decodable>(_ data: Data, as: Value.Type) throws -> Value {
  do {
    return try ClientJSON.decode(Value.self, from: data)
  } catch {
    throw ControlFailure(.refused, "the node's answer cannot be read: \(error)")
  }
}

/// A request with a body that the registry takes.
func recordCall(
  _ method: ClientCall.Method, _ path: String, _ body: some Encodable, effect: ClientCall.Effect
) throws -> ClientCall {
  do {
    return try ClientCall.json(method, path, body, effect: effect)
  } catch {
    throw ControlFailure(error)
  }
}

/// Says on stderr from where a list goes on.
func noteMore(_ next: PageCursor?) {
  if let next { note("there are more: --after \(next.text)") }
}

/// A time as an argument: `2026-01-31T12:00:00Z`, or a day in UTC.
struct TimeArgument: ExpressibleByArgument {
  let date: Date

  init?(argument: String) {
    let text = argument.count == 10 ? argument + "T00:00:00Z" : argument
    guard let date = try? Date(text, strategy: .iso8601) else { return nil }
    self.date = date
  }
}

/// Which part of a list.
struct PageOptions: ParsableArguments {
  @Option(help: "How many at most, 1...1000.")
  var limit = 50

  @Option(help: "Go on behind this place, as the listing before said it.")
  var after: String?

  func validate() throws {
    guard (1...1000).contains(limit) else {
      throw ValidationError("--limit is \(limit): expected 1...1000")
    }
  }

  var query: [(name: String, value: String?)] { [("limit", String(limit)), ("after", after)] }
}
