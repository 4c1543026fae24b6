import SerialFormat
import Testing

/// Every number there is, written and read again.
struct RoundTripTests {
  /// Zero-padded by another way than the library's.
  private func padded(_ number: Int, width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: width - digits.count) + digits
  }

  @Test(arguments: [2000, 2026, 9999])
  func everyJob(year: Int) throws {
    var wrong: [Int] = []
    for number in 1...99_999 {
      let text = "J\(year)\(padded(number, width: 5))"
      let serial = try JobSerial(year: year, number: number)
      let read = try JobSerial(parsing: text)
      if serial.description != text || read != serial { wrong.append(number) }
      if read.year != year || read.number != number { wrong.append(number) }
    }
    expectNone(wrong)
  }

  @Test(arguments: [2000, 2026, 9999])
  func everyTarget(year: Int) throws {
    var wrong: [Int] = []
    for number in 1...99_999 {
      let text = "T\(year)\(padded(number, width: 5))"
      let serial = try TargetSerial(year: year, number: number)
      let read = try TargetSerial(parsing: text)
      if serial.description != text || read != serial { wrong.append(number) }
      if read.year != year || read.number != number { wrong.append(number) }
    }
    expectNone(wrong)
  }

  @Test func everyYear() throws {
    var wrong: [Int] = []
    for year in 2000...9999 {
      let job = try JobSerial(year: year, number: 7)
      let target = try TargetSerial(year: year, number: 99_999)
      if job.description != "J\(year)00007" || job.year != year { wrong.append(year) }
      if target.description != "T\(year)99999" || target.year != year { wrong.append(year) }
      if JobSerial("J\(year)00007") != job { wrong.append(year) }
      if TargetSerial("T\(year)99999") != target { wrong.append(year) }
    }
    expectNone(wrong)
  }

  @Test(arguments: ["J200000001", "J202600042", "J999999999"])
  func everyExecution(job: String) throws {
    let parent = try JobSerial(parsing: job)
    var wrong: [Int] = []
    for number in 1...9_999 {
      let text = "\(job).\(padded(number, width: 4))"
      let serial = try parent.execution(number)
      let read = try ExecutionSerial(parsing: text)
      if serial.description != text || read != serial { wrong.append(number) }
      if read.number != number || read.job != parent { wrong.append(number) }
    }
    expectNone(wrong)
  }

  @Test(arguments: ["J200000001.0001", "J202600042.0003", "J999999999.9999"])
  func everyBranch(execution: String) throws {
    let parent = try ExecutionSerial(parsing: execution)
    var wrong: [Int] = []
    for number in 1...9_999 {
      let text = "\(execution).\(padded(number, width: 4))"
      let serial = try parent.branch(number)
      let read = try BranchSerial(parsing: text)
      if serial.description != text || read != serial { wrong.append(number) }
      if read.number != number || read.execution != parent { wrong.append(number) }
    }
    expectNone(wrong)
  }

  /// Neighbouring parts must not run into each other, which one part at a time cannot show.
  @Test func partsAreIndependent() throws {
    for year in [2000, 2048, 9999] {
      for number in [1, 65_536, 99_999] {
        for execution in [1, 4_096, 9_999] {
          for branch in [1, 8_192, 9_999] {
            let serial = try JobSerial(year: year, number: number)
              .execution(execution).branch(branch)
            let read = try BranchSerial(parsing: serial.description)
            #expect(read == serial)
            #expect(read.year == year && read.job.number == number)
            #expect(read.execution.number == execution && read.number == branch)
          }
        }
      }
    }
  }
}
