import ChaosHistory
import Foundation
import Testing

struct HistoryFileTests {
  private var history: History {
    var sample = Sample()
    sample.faults = [Sample.fault("kill", "eu-1")]
    sample.demands = [Demand(at: 1, text: "é <b>", holds: true, seen: "")]
    sample.disagreements = ["one"]
    var history = sample.history
    let holding = HoldingsSample.Holding(node: "eu-1", first: 1, last: 10, committed: 0)
    history.entries.append(
      .holdings(HoldingsSample(at: 5, counter: Sample.jobs, holdings: [holding])))
    return history
  }

  @Test func whatIsWrittenIsRead() throws {
    #expect(try History.read(history.write()) == history)
  }

  @Test func aDamagedLineIsNamed() throws {
    var lines = try String(decoding: history.write(), as: UTF8.self).split(separator: "\n")
    lines[3] = lines[3].dropLast(5)
    let error = #expect(throws: HistoryError.self) {
      try History.read(Data(lines.joined(separator: "\n").utf8))
    }
    #expect(error?.line == 4)
  }

  @Test func theRunStandsFirstAndOnce() throws {
    let lines = try String(decoding: history.write(), as: UTF8.self).split(separator: "\n")
    let twice = [lines[0], lines[1], lines[0]].joined(separator: "\n")
    let second = #expect(throws: HistoryError.self) { try History.read(Data(twice.utf8)) }
    #expect(second?.description == "line 3: a second run")
    let none = #expect(throws: HistoryError.self) { try History.read(Data(lines[1].utf8)) }
    #expect(none?.description == "line 1: expected the run")
    #expect(throws: HistoryError.self) { try History.read(Data()) }
  }
}
