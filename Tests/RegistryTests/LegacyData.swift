/// Rows of an installation with every irregularity, the same for the same seed.
struct LegacyData {
  private struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
  }

  private(set) var jobs: [LegacyOracle.Record] = []
  private(set) var targets: [LegacyOracle.Record] = []
  private(set) var executions: [LegacyOracle.Child] = []
  private(set) var branches: [(child: LegacyOracle.Child, target: Int, name: String)] = []
  private var random: Random

  init(
    seed: UInt64, jobs jobCount: Int = 300, targets targetCount: Int = 120, executions: Int = 600,
    branches: Int = 1_500
  ) {
    random = Random(state: seed)
    for id in 1...jobCount { jobs.append(record(id, long: "JOB", short: "J")) }
    for id in 1...targetCount { targets.append(record(id, long: "TGT", short: "T")) }
    for id in 1...executions {
      let wish = [1, 1, 2, 2, 3, 4, 5, 0, -7, 9_999, 9_999, 10_000, 123_456].randomElement(
        using: &random)
      self.executions.append(
        LegacyOracle.Child(
          id: id, parent: Int.random(in: 1...jobCount / 2, using: &random), wish: wish ?? 1,
          minute: minute()))
    }
    let names = [
      "001", "002", "003", "1", "0004", "abc", "", "9999", "9999", "0", "10000", "-1", "1a",
    ]
    for id in 1...branches {
      let name = names.randomElement(using: &random) ?? ""
      let isNumber = !name.isEmpty && name.allSatisfy { ("0"..."9").contains($0) }
      self.branches.append(
        (
          LegacyOracle.Child(
            id: id, parent: Int.random(in: 1...executions / 2, using: &random),
            wish: isNumber ? Int(name) : nil, minute: minute()),
          Int.random(in: 1...targetCount, using: &random), name
        ))
    }
  }

  /// Few different minutes, so that several were created at the same time.
  private mutating func minute() -> Int { Int.random(in: 0...1_000, using: &random) * 1_000 }

  private mutating func record(_ id: Int, long: String, short: String) -> LegacyOracle.Record {
    let number = Int.random(in: 1...90, using: &random)
    let year = Bool.random(using: &random) ? 2024 : 2025
    let text: String? =
      switch Int.random(in: 0..<20, using: &random) {
      case 0...6: "\(long)-\(year)-\(LegacyOracle.padded(number, 6))"
      case 7...10: "\(short)\(year)\(LegacyOracle.padded(number, 4))"
      case 11...14: "\(short)\(year)\(LegacyOracle.padded(number, 5))"
      case 15: "\(long)-\(year)-\(100_000 + number)"
      case 16:
        ["\(short)\(year)0000", "\(long)-1999-000001", "\(long)-0000-000000"]
          .randomElement(using: &random)
      case 17:
        ["OLD-1", "OLD-2", "it's, \"odd\"", "\(long.lowercased())-2025-000001", "\(short)-2025"]
          .randomElement(using: &random)
      case 18: ""
      default: nil
      }
    switch Int.random(in: 0..<12, using: &random) {
    case 0: return LegacyOracle.Record(id: id, text: text, minute: nil, year: nil)
    // 1970: before every other, and no year to number in
    case 1: return LegacyOracle.Record(id: id, text: text, minute: -28_000_000, year: nil)
    default:
      let minute = minute()
      // 2024 is a leap year of 527,040 minutes
      return LegacyOracle.Record(
        id: id, text: text, minute: minute,
        year: minute < 527_040 ? 2024 : minute < 1_052_640 ? 2025 : 2026)
    }
  }

  private static func time(_ minute: Int?) -> String {
    minute.map { "timestamptz '2024-01-01 00:00Z' + interval '\($0) minutes'" } ?? "NULL"
  }

  private static func quoted(_ text: String?) -> String {
    text.map {
      "'" + $0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
      ?? "NULL"
  }

  /// The statements that write these rows.
  var sql: String {
    var lines: [String] = []
    for job in jobs {
      lines.append(
        "INSERT INTO jobs (job_uuid, job_serial, name, job_type, status, created_by, created_at) VALUES ("
          + (job.id.isMultiple(of: 9) ? "NULL" : "gen_random_uuid()")
          + ", \(Self.quoted(job.text)), 'job \(job.id)', 'command', 'draft', 1, \(Self.time(job.minute)));"
      )
    }
    for target in targets {
      // two thirds of the uuids are there, some twice
      let uuid =
        target.id.isMultiple(of: 3)
        ? "'00000000-0000-0000-0000-0000000000\(LegacyOracle.padded(target.id / 6, 2))'"
        : "gen_random_uuid()"
      lines.append(
        "INSERT INTO universal_targets (target_uuid, target_serial, name, os_type, created_at) VALUES ("
          + "\(uuid), \(Self.quoted(target.text)), 'target', 'linux', \(Self.time(target.minute)));"
      )
    }
    for execution in executions {
      lines.append(
        "INSERT INTO job_executions (job_id, execution_number, status, created_at) VALUES ("
          + "\(execution.parent), \(execution.wish ?? 0), 'completed', \(Self.time(execution.minute)));"
      )
    }
    for branch in branches {
      lines.append(
        "INSERT INTO job_execution_branches (job_execution_id, target_id, branch_id, status, "
          + "created_at) VALUES (\(branch.child.parent), \(branch.target), \(Self.quoted(branch.name)), "
          + "'failed', \(Self.time(branch.child.minute)));")
    }
    return lines.joined(separator: "\n")
  }
}
