import ChaosHistory
import ChaosVerdict
import Testing

struct JudgeTests {
  /// Alters the sample, and gives the kinds of its violations.
  private func kinds(_ alter: (inout Sample) -> Void) -> [String] {
    var sample = Sample()
    alter(&sample)
    return Verdict.judge(sample.history).violations.map(\.kind)
  }

  @Test func aSoundHistoryHasNoViolation() {
    let verdict = Verdict.judge(Sample().history)
    #expect(verdict.violations == [])
    #expect(verdict.attempted == 10)
    #expect(verdict.acknowledged == 7)
    #expect(verdict.failures == ["coordinator-unavailable": 1])
    #expect(verdict.unknowns == ["connection lost": 1, "timed out": 1])
    #expect(verdict.serials == 10)
    #expect(verdict.ledgerSamples == 4)
    #expect(verdict.seconds == 1)
  }

  @Test func aSerialThatTwoReceivedIsNamedWithBoth() throws {
    var sample = Sample()
    sample.operations.append(
      Sample.operation("c2", "us-1", .jobs, at: 950, .ok(["J202600002"])))
    let verdict = Verdict.judge(sample.history)
    let finding = try #require(verdict.duplicated.first)
    for part in ["J202600002", "c1 at eu-1 (0.100 to 0.110 s)", "c2 at us-1 (0.950 to 0.960 s)"] {
      #expect(finding.text.contains(part), "\(finding)")
    }
    #expect(verdict.duplicated.count == 1)
  }

  @Test func executionsAndBranchesAreDistinctToo() {
    #expect(
      kinds {
        $0.operations.append(
          Sample.operation(
            "c2", "us-1", .execution, of: "J202600001", at: 950, .ok(["J202600001.0001"])))
      } == ["duplicated"])
    #expect(
      kinds {
        $0.operations[9].outcome = .ok(["J202600001.0001.0002", "J202600001.0001.0002"])
      } == ["duplicated"])
  }

  @Test func anAnswerWithASerialTwiceSaysSo() throws {
    var sample = Sample()
    sample.operations[0].outcome = .ok(["J202600001", "J202600001"])
    sample.finals[0].lines[0].last = 1
    sample.finals[0].ledger = Sample.ledger(Sample.jobs, at: 1_000, issued: 7)
    let verdict = Verdict.judge(sample.history)
    #expect(verdict.violations.map(\.kind) == ["duplicated"])
    #expect(try #require(verdict.duplicated.first).text.contains("stands twice"))
  }

  @Test func aKeyHasOneAnswer() {
    #expect(
      kinds {
        $0.operations[3].outcome = .ok(["J202600003", "J202600004", "J202600008"])
      } == ["key-with-two-answers"])
    // the same key of another client is another key
    #expect(kinds { $0.operations[2].client = "c1" }.contains("duplicated"))
    // without a key, each answer stands for itself
    #expect(kinds { $0.operations[3].key = nil } == ["duplicated", "duplicated", "duplicated"])
  }

  @Test func anAnswerIsWhatWasAskedFor() {
    #expect(kinds { $0.operations[0].asked = 3 } == ["wrong-count"])
    #expect(kinds { $0.operations[6].request = .jobs } == ["wrong-kind"])
    #expect(kinds { $0.operations[8].parent = "J202600002" } == ["wrong-parent"])
    #expect(kinds { $0.operations[9].parent = "J202600001.0002" } == ["wrong-parent"])
  }

  @Test(arguments: [
    "J202600000", "J2026100000", "j202600001", "X202600001", "", "J202600001.0000", "J202600001 ",
  ])
  func aTextThatIsNoSerialIsOutOfRange(_ text: String) {
    #expect(
      kinds {
        $0.operations.append(Sample.operation("c1", "eu-1", .jobs, at: 950, .ok([text])))
      }
        == ["out-of-range"])
  }

  @Test func whatTheLedgerDoesNotHaveIsMissing() throws {
    var sample = Sample()
    sample.finals[0].lines[0].first = 2
    sample.finals[0].ledger.issued = 7
    sample.finals[0].ledger.free += 1
    let verdict = Verdict.judge(sample.history)
    #expect(verdict.violations.map(\.kind) == ["acknowledged-not-in-ledger"])
    #expect(try #require(verdict.missing.first).text.contains("J202600001 "))
    // a counter that is not there at all, and a line that says that it is free
    #expect(kinds { $0.finals.removeLast() } == ["acknowledged-not-in-ledger"])
    #expect(
      kinds {
        $0.finals[1].lines[0].state = "free"
        $0.finals[1].ledger = Sample.ledger(Sample.targets, at: 1_000, issued: 0)
      } == ["acknowledged-not-in-ledger"])
  }

  @Test func aVoidNumberIsThere() {
    var sample = Sample()
    sample.finals[1].lines = [Sample.line(1, 1, "void", to: "operator")]
    sample.finals[1].ledger = Sample.ledger(Sample.targets, at: 1_000, issued: 0, void: 1)
    let verdict = Verdict.judge(sample.history)
    #expect(verdict.violations == [])
    #expect(verdict.acknowledgedVoid == 1)
    #expect(verdict.text(sample.run).contains("1 are there as void"))
  }

  @Test func aLineNamesWhoReceivedIt() {
    #expect(kinds { $0.finals[1].lines[0].subject = "c2" } == ["wrong-recipient"])
    #expect(kinds { $0.finals[1].lines[0].subject = nil } == [])
  }

  @Test func aSampleIsBalanced() {
    #expect(kinds { $0.ledgers[1].issued += 1 } == ["unbalanced"])
    #expect(kinds { $0.ledgers[1].free -= 1 } == ["unbalanced"])
    #expect(kinds { $0.finals[0].ledger.leased = 1 } == ["unbalanced"])
    #expect(
      kinds {
        $0.ledgers[1].capacity += 1
        $0.ledgers[1].free += 1
      } == ["unbalanced"])
    #expect(
      kinds {
        $0.ledgers[1].leased = -1
        $0.ledgers[1].free += 3
      } == ["unbalanced"])
  }

  @Test func theLinesAreTheLedgers() {
    #expect(
      kinds {
        $0.finals[0].ledger.issued -= 1
        $0.finals[0].ledger.free += 1
      } == ["disagreement"])
    #expect(kinds { $0.finals[0].lines.append(Sample.line(6, 6, to: "c1")) } == ["disagreement"])
    #expect(
      kinds { $0.finals[0].lines.append(Sample.line(99_999, 100_000)) } == ["disagreement"])
  }

  @Test func whatOthersFoundIsAViolation() {
    #expect(kinds { $0.disagreements = ["a", "b"] } == ["disagreement", "disagreement"])
    #expect(kinds { $0.end = nil } == ["cut-off"])
    #expect(kinds { $0.end?.failure = "no node came up" } == ["not-finished"])
    #expect(kinds { $0.finals = [] } == ["no-final-ledger"])
    let demand = Demand(at: 1, text: "all numbers are used", holds: false, seen: "3 are free")
    #expect(kinds { $0.demands = [demand] } == ["demand"])
    var held = demand
    held.holds = true
    #expect(kinds { $0.demands = [held] } == [])
  }
}
