import ArgumentParser
import ChaosCluster
import ChaosHistory
import ChaosReport
import ChaosScenarios
import ChaosVerdict
import Foundation

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Break a real cluster on purpose: PostgreSQL over TLS, seriald processes, clients.",
    discussion: """
      Each scenario gets a folder with its history, its report (report.html), its verdict as JSON and the \
      logs. Exit status 1 with any violation, 2 when a scenario could not be run.

      SCENARIOS
      \(Scenario.all.map { "  \($0.name)\n      \($0.purpose)" }.joined(separator: "\n"))
      """)

  @Argument(help: "Scenarios by name, one after the other; all of them when none is named.")
  var scenarios: [String] = []

  @Option(help: "What is chosen by chance follows from it; the timing of processes does not.")
  var seed: UInt64 = 1

  @Option(
    help: "Switch a guard off, to see the violation that it prevents: no-guard.",
    transform: { text in
      guard let flaw = Flaw(rawValue: text) else {
        let all = Flaw.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("there is no flaw \(text), expected one of: \(all)")
      }
      return flaw
    })
  var flaw: Flaw?

  @Flag(help: "Some seconds instead of a minute, for scenarios that can.")
  var short = false

  @Option(help: "Where the folders of the runs go.")
  var folder = ".chaos"

  @Option(help: "Where seriald was built; beside this program when not given.")
  var programs: String?

  func validate() throws {
    for name in scenarios where Scenario.named(name) == nil {
      let all = Scenario.all.map(\.name).joined(separator: ", ")
      throw ValidationError("there is no scenario \(name), expected one of: \(all)")
    }
  }

  func run() async throws {
    let chosen = scenarios.isEmpty ? Scenario.all : scenarios.compactMap(Scenario.named)
    var worst: Int32 = 0
    var lines: [String] = []
    for (index, scenario) in chosen.enumerated() {
      Self.say("==> \(scenario.name) (\(index + 1) of \(chosen.count)): \(scenario.purpose)")
      let line: String
      do {
        let (verdict, folder) = try await play(scenario)
        let count = verdict.violations.count
        line =
          "\(count == 0 ? "no violation" : "\(count) VIOLATIONS"), \(verdict.acknowledged) of "
          + "\(verdict.attempted) requests acknowledged, \(Int(verdict.seconds)) s, \(folder)/report.html"
        if count > 0 { worst = max(worst, 1) }
      } catch {
        line = "could not be run: \(error)"
        worst = max(worst, 2)
      }
      lines.append(scenario.name.padding(toLength: 26, withPad: " ", startingAt: 0) + line)
    }
    Self.say("\n" + lines.joined(separator: "\n"))
    if worst > 0 { throw ExitCode(worst) }
  }

  private func play(_ scenario: Scenario) async throws -> (Verdict, String) {
    let place = try makeFolder(scenario.name)
    var run = ScenarioRun(
      scenario: scenario, folder: place, programs: programs ?? Self.ownFolder,
      version: Self.version)
    run.seed = seed
    run.flaw = flaw
    run.isShort = short
    let start = ContinuousClock.now
    run.say = { text in
      let seconds = Int(start.duration(to: .now) / .seconds(1))
      FileHandle.standardError.write(Data("    \(seconds) s  \(text)\n".utf8))
    }
    let history = try await run.play()
    let verdict = Verdict.judge(history)
    try Results.write(history, verdict, to: place)
    Self.say(verdict.text(history.run))
    return (verdict, place)
  }

  /// At once, also into a file.
  private static func say(_ text: String) {
    FileHandle.standardOutput.write(Data("\(text)\n".utf8))
  }

  /// A new folder for each run: an older one is kept beside it.
  private func makeFolder(_ name: String) throws -> String {
    let files = FileManager.default
    let top = URL(filePath: folder).path
    var place = "\(top)/\(name)"
    var count = 1
    while files.fileExists(atPath: place) {
      count += 1
      place = "\(top)/\(name)-\(count)"
    }
    try files.createDirectory(atPath: place, withIntermediateDirectories: true)
    return place
  }

  private static var ownFolder: String {
    let own = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
    return own.deletingLastPathComponent().path
  }

  /// The commit, when `deploy/chaos/run.sh` says it.
  private static var version: String {
    ProcessInfo.processInfo.environment["SERIALD_CHAOS_VERSION"] ?? "unknown"
  }
}
