import ChaosHistory
import ChaosVerdict
import Testing

struct UnclaimedTests {
  private func verdict(_ alter: (inout Sample) -> Void) -> Verdict {
    var sample = Sample()
    alter(&sample)
    return Verdict.judge(sample.history)
  }

  @Test func aRequestWithoutAnAnswerIsAReason() {
    let verdict = verdict { _ in }
    #expect(verdict.unclaimed == ["asked for by requests without an answer": 2])
    #expect(verdict.unexplainedNumbers == 0)
  }

  @Test func itIsAReasonForNoMoreThanItAskedFor() {
    let verdict = verdict {
      $0.operations[1].asked = 2
      $0.operations[5].asked = 1
      $0.issue(Sample.line(9, 10, to: "c2"))
    }
    // the other request's key was answered: it costs no number twice
    #expect(verdict.unclaimed == ["asked for by requests without an answer": 1])
    #expect(verdict.unexplainedNumbers == 3)
    #expect(verdict.violations.map(\.kind) == ["issued-without-reason"])
    #expect(verdict.unexplained.first?.text.contains("J202600007 to J202600010") == true)
  }

  @Test func itIsNoReasonForOthers() {
    // another client's
    #expect(verdict { $0.finals[0].lines[3].subject = "c1" }.unexplainedNumbers == 2)
    // another kind of request
    let targets = verdict {
      $0.finals[1].lines.append(Sample.line(2, 3, to: "c2"))
      $0.finals[1].ledger = Sample.ledger(Sample.targets, at: 1_000, issued: 3)
    }
    #expect(targets.violations.map(\.kind) == ["issued-without-reason"])
    // of the same kind
    let asked = verdict {
      $0.operations.append(
        Sample.operation("c2", "us-1", .targets, asked: 2, at: 950, .unknown("timed out")))
      $0.finals[1].lines.append(Sample.line(2, 3, to: "c2"))
      $0.finals[1].ledger = Sample.ledger(Sample.targets, at: 1_000, issued: 3)
    }
    #expect(asked.violations == [])
    // nobody's
    #expect(verdict { $0.finals[0].lines[3].subject = nil }.unexplainedNumbers == 2)
  }

  @Test func aRefusedRequestIsNoReason() {
    let verdict = verdict { $0.operations[5].outcome = .failed("recalling") }
    // the other one's key was answered
    #expect(verdict.unclaimed == [:])
    #expect(verdict.unexplainedNumbers == 2)
    let without = self.verdict {
      $0.operations[1].outcome = .failed("recalling")
      $0.operations[5].outcome = .failed("recalling")
    }
    #expect(without.violations.map(\.kind) == ["issued-without-reason"])
  }

  @Test func whatWasIssuedBeforeTheLoadIsExplained() {
    let verdict = verdict { $0.issue(Sample.line(9, 20, to: "setup-1")) }
    #expect(verdict.unclaimed["issued before the load"] == 12)
    #expect(verdict.violations == [])
  }

  @Test func aProcessThatWasLostIsAReason() {
    let line = Sample.line(9, 9, "unacknowledged", at: "eu-1")
    #expect(verdict { $0.issue(line) }.violations.map(\.kind) == ["issued-without-reason"])
    for target in ["eu-1", "coordinator", "standby"] {
      let verdict = verdict {
        $0.issue(line)
        $0.faults = [Sample.fault("kill", target)]
      }
      #expect(verdict.violations == [])
      #expect(
        verdict.unclaimed["committed by a process that a fault met; no line says to whom"] == 1)
    }
    let elsewhere = verdict {
      $0.issue(line)
      $0.faults = [Sample.fault("kill", "us-1")]
    }
    #expect(elsewhere.unexplainedNumbers == 1)
    // us-1 has requests without an answer
    #expect(verdict { $0.issue(Sample.line(9, 9, "unacknowledged", at: "us-1")) }.violations == [])
  }

  @Test(arguments: ["lose-commits", "restore", "failover"])
  func aCoordinatorThatLostSomethingIsAReason(_ name: String) {
    let line = Sample.line(9, 9, "carved", at: "eu-1")
    #expect(verdict { $0.issue(line) }.violations.map(\.kind) == ["issued-without-reason"])
    let stopped = verdict {
      $0.issue(line)
      $0.faults = [Sample.fault("coordinator-stop", "coordinator")]
    }
    #expect(stopped.unexplainedNumbers == 1)
    let lost = verdict {
      $0.issue(line)
      $0.faults = [Sample.fault(name, "coordinator")]
    }
    #expect(lost.violations == [])
  }

  @Test func whatANodeHoldsCommittedIsExplained() {
    let verdict = verdict { $0.issue(Sample.line(9, 12, "committed-ahead")) }
    #expect(verdict.violations == [])
    #expect(verdict.unclaimed["committed ahead by a node that still holds them"] == 4)
  }
}
