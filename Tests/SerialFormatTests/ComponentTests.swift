import SerialFormat
import Testing

/// Making serials from components, and taking them apart.
struct ComponentTests {
  @Test(arguments: [Int.min, -1, 0, 1999, 10_000, 65_536 + 2026, Int.max])
  func yearsOutsideTheRangeAreRefused(year: Int) throws {
    let job = #expect(throws: SerialError.self) { try JobSerial(year: year, number: 1) }
    let target = #expect(throws: SerialError.self) { try TargetSerial(year: year, number: 1) }
    #expect(job.map(Library.summary) == "range year job")
    #expect(target.map(Library.summary) == "range year target")
    #expect(job?.found == .number(year))
  }

  @Test(arguments: [Int.min, -1, 0, 100_000, 1 << 32 + 1, Int.max])
  func numbersOutsideTheRangeAreRefused(number: Int) throws {
    let job = #expect(throws: SerialError.self) { try JobSerial(year: 2026, number: number) }
    let target = #expect(throws: SerialError.self) { try TargetSerial(year: 2026, number: number) }
    #expect(job.map(Library.summary) == "range sequence job")
    #expect(target.map(Library.summary) == "range sequence target")
    #expect(target?.found == .number(number))
  }

  @Test(arguments: [Int.min, -1, 0, 10_000, 65_536 + 1, Int.max])
  func childrenOutsideTheRangeAreRefused(number: Int) throws {
    let job = try JobSerial(year: 2026, number: 1)
    let parent = try job.execution(9_999)
    let execution = #expect(throws: SerialError.self) { try job.execution(number) }
    let branch = #expect(throws: SerialError.self) { try parent.branch(number) }
    #expect(execution.map(Library.summary) == "range execution execution")
    #expect(branch.map(Library.summary) == "range branch branch")
    #expect(branch?.found == .number(number))
    #expect(branch?.input == nil)
  }

  @Test func theEndsOfTheRangesAreTaken() throws {
    #expect(try JobSerial(year: 2000, number: 1).description == "J200000001")
    #expect(try JobSerial(year: 9999, number: 99_999).description == "J999999999")
    #expect(try JobSerial(year: 2026, number: 1).execution(9_999).number == 9_999)
    #expect(try JobSerial(year: 2026, number: 1).execution(1).branch(9_999).number == 9_999)
  }

  @Test func parentsAndChildren() throws {
    let branch = try BranchSerial(parsing: "J202600001.0003.0015")
    #expect(branch.execution.description == "J202600001.0003")
    #expect(branch.job.description == "J202600001")
    #expect(branch.execution.job == branch.job)
    #expect(branch.year == 2026 && branch.execution.year == 2026)
    #expect(try branch.job.execution(3).branch(15) == branch)
    #expect(
      try BranchSerial(execution: ExecutionSerial(job: branch.job, number: 3), number: 15) == branch
    )
  }

  @Test func anySerialKnowsItsComponents() throws {
    let branch = try Serial(parsing: "J202600012.0003.0015")
    #expect(branch.kind == .branch && branch.counterKind == .job)
    #expect(branch.year == 2026 && branch.number == 15)
    let execution = try #require(branch.parent)
    #expect(execution.kind == .execution && execution.number == 3 && execution.year == 2026)
    #expect(execution.description == "J202600012.0003" && execution.counterKind == .job)
    let job = try #require(execution.parent)
    #expect(job.kind == .job && job.number == 12 && job.year == 2026 && job.counterKind == .job)
    #expect(job.description == "J202600012" && job.parent == nil)
    let target = try Serial(parsing: "T203100045")
    #expect(target.kind == .target && target.counterKind == .target && target.parent == nil)
    #expect(target.year == 2031 && target.number == 45)
  }

  @Test func aCountersNumberBecomesASerial() throws {
    #expect(try Serial(counter: .job, year: 2026, number: 1).description == "J202600001")
    #expect(try Serial(counter: .target, year: 2026, number: 99_999).description == "T202699999")
    let error = #expect(throws: SerialError.self) {
      try Serial(counter: .target, year: 2026, number: 100_000)
    }
    #expect(error.map(Library.summary) == "range sequence target")
  }

  @Test func kindsAgreeWithTheirTexts() throws {
    for (kind, pattern) in Oracle.patterns {
      #expect(kind.length == pattern.utf8.count)
      #expect(kind.counterKind.prefix == pattern.first)
      #expect(kind.counterKind.prefixByte == pattern.utf8.first)
    }
    #expect(CounterKind.job.serialKind == .job && CounterKind.target.serialKind == .target)
    #expect(CounterKind.allCases.map(\.rawValue) == ["job", "target"])
    #expect(CounterKind.job < .target && !(CounterKind.target < .job))
    #expect(SerialKind.allCases.map(\.rawValue) == ["job", "target", "execution", "branch"])
  }

  @Test func capacitiesFollowFromTheWidths() {
    #expect(Capacity.counter == 99_999)
    #expect(Capacity.executions == 9_999 && Capacity.branches == 9_999)
    #expect(Capacity.years == 2000...9999)
    #expect(Capacity.branchesPerYear == 9_997_900_119_999)
  }

  @Test func equalSerialsHashAlike() throws {
    let texts = ["J202600001", "T202600001", "J202600001.0001", "J202600001.0001.0001"]
    let all = try Set((texts + texts).map { try Serial(parsing: $0) })
    #expect(all.count == texts.count)
  }
}
