import SerialFormat
import Testing

/// The order of the values is the order of the texts, byte by byte.
struct OrderTests {
  private static let years = [2000, 2001, 2026, 9998, 9999]
  private static let numbers = [1, 2, 9, 10, 11, 99, 100, 65_535, 65_536, 99_998, 99_999]
  private static let children = [1, 2, 9, 10, 4_095, 4_096, 8_191, 9_998, 9_999]

  private static func precedes(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
  }

  private func expectTextOrder<S: SerialProtocol>(_ serials: [S]) {
    var wrong: [String] = []
    let texts = serials.map(\.description)
    for left in serials.indices {
      for right in serials.indices {
        let byText = Self.precedes(texts[left], texts[right])
        if (serials[left] < serials[right]) != byText {
          wrong.append("\(texts[left]) \(texts[right])")
        }
      }
    }
    expectNone(wrong)
  }

  private func jobs() throws -> [JobSerial] {
    try Self.years.flatMap { year in
      try Self.numbers.map { try JobSerial(year: year, number: $0) }
    }
  }

  @Test func jobsAndTargets() throws {
    expectTextOrder(try jobs())
    expectTextOrder(try jobs().map { try TargetSerial(year: $0.year, number: $0.number) })
  }

  @Test func executionsAndBranches() throws {
    let roots = try [jobs()[0], jobs()[1], jobs()[20], jobs()[54]]
    let executions = try roots.flatMap { job in try Self.children.map { try job.execution($0) } }
    expectTextOrder(executions)
    expectTextOrder(
      try executions.flatMap { execution in
        try [1, 2, 4_096, 9_999].map { try execution.branch($0) }
      })
  }

  /// Neighbours whose children have all their bits in use, so that no part may reach into another.
  @Test func allKindsTogether() throws {
    var serials: [Serial] = []
    let roots = [(2000, 1), (2026, 1), (2026, 2), (2026, 3), (9999, 99_999)]
    let children = [1, 2, 3, 8_191, 8_192, 9_999]
    for (year, number) in roots {
      let job = try JobSerial(year: year, number: number)
      serials.append(.job(job))
      serials.append(.target(try TargetSerial(year: year, number: number)))
      for number in children {
        let execution = try job.execution(number)
        serials.append(.execution(execution))
        serials += try children.map { .branch(try execution.branch($0)) }
      }
    }
    expectTextOrder(serials)
    #expect(serials.shuffled().sorted().map(\.description) == serials.map(\.description).sorted())
  }

  @Test func randomSerialsSortLikeTheirTexts() throws {
    var random = SeededGenerator(seed: 7)
    let serials = try (0..<5_000).map { _ -> Serial in
      let year = Int.random(in: 2000...9999, using: &random)
      let job = try JobSerial(year: year, number: .random(in: 1...99_999, using: &random))
      let execution = try job.execution(.random(in: 1...9_999, using: &random))
      switch Int.random(in: 0..<4, using: &random) {
      case 0: return .job(job)
      case 1: return .target(try TargetSerial(year: year, number: job.number))
      case 2: return .execution(execution)
      default: return .branch(try execution.branch(.random(in: 1...9_999, using: &random)))
      }
    }
    #expect(
      serials.sorted().map(\.description) == serials.map(\.description).sorted(by: Self.precedes))
  }
}
