import ChaosHistory
import ChaosVerdict
import Foundation
import Testing

struct MeasureTests {
  @Test func percentilesAreMembersOfTheSet() throws {
    let percentiles = try #require(
      Percentiles(microseconds: (1...1_000).map { $0 * 1_000 }.shuffled()))
    #expect(percentiles.count == 1_000)
    #expect(percentiles.p50 == 500)
    #expect(percentiles.p90 == 900)
    #expect(percentiles.p99 == 990)
    #expect(percentiles.p999 == 999)
    #expect(percentiles.max == 1_000)
    let one = try #require(Percentiles(microseconds: [1_500]))
    #expect([one.p50, one.p90, one.p99, one.p999, one.max] == [1.5, 1.5, 1.5, 1.5, 1.5])
    let two = try #require(Percentiles(microseconds: [2_000, 1_000]))
    #expect([two.p50, two.p90] == [1, 2])
    #expect(Percentiles(microseconds: []) == nil)
  }

  @Test func silenceIsTheLongestTimeBetweenAnswers() {
    let verdict = Verdict.judge(Sample().history)
    // 0.110 to 0.310, to 0.910
    #expect(verdict.longestSilence["eu"] == 600)
    // 0.200 to 0.410, 0.510, 0.710, and to the end of the last request
    #expect(verdict.longestSilence["us"] == 210)
    var sample = Sample()
    sample.operations[7] = Sample.operation("c1", "us-1", .jobs, at: 2_700, .failed("recalling"))
    #expect(Verdict.judge(sample.history).longestSilence["us"] == 2_000)
  }

  @Test func latencyIsOfAcknowledgedRequests() {
    var sample = Sample()
    sample.operations[0].end += 5_000
    sample.operations[7].end += 700_000
    let verdict = Verdict.judge(sample.history)
    #expect(verdict.latency["all"]?.count == 7)
    #expect(verdict.latency["all"]?.max == 15)
    #expect(verdict.latency["eu"]?.count == 4)
    #expect(verdict.latency["us"]?.max == 10)
    #expect(verdict.nodes["us-1"]?.unknown == 2)
    #expect(verdict.nodes["us-1"]?.failed == 1)
    #expect(verdict.nodes["us-1"]?.acknowledged == 3)
    #expect(verdict.nodes["us-1"]?.region == "us")
  }

  @Test func theTextEndsWithItsConclusion() {
    var sample = Sample()
    let sound = Verdict.judge(sample.history).text(sample.run)
    #expect(sound.hasSuffix("\nno violation"))
    #expect(sound.contains("coordinator-unavailable 1"))
    sample.disagreements = ["first"]
    #expect(Verdict.judge(sample.history).text(sample.run).hasSuffix("\n1 violation"))
    sample.disagreements = (1...25).map { "found \($0)" }
    let text = Verdict.judge(sample.history).text(sample.run)
    #expect(text.hasSuffix("\n  and 5 more\n25 violations"))
    #expect(text.contains("disagreement: found 20"))
    #expect(!text.contains("found 21"))
  }

  @Test func inJSONNamesAreInSnakeCase() throws {
    let verdict = Verdict.judge(Sample().history)
    let data = try JSONEncoder().encode(verdict)
    #expect(try JSONDecoder().decode(Verdict.self, from: data) == verdict)
    let object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(object["longest_silence"] != nil)
    #expect(object.keys.allSatisfy { $0 == $0.lowercased() }, "\(object.keys.sorted())")
  }

  /// No work grows with the square of the requests.
  @Test func aLongHistoryIsJudgedInSeconds() {
    var sample = Sample()
    sample.operations = (0..<200_000).map { index in
      let number = String(100_000 + index % 99_999 + 1).dropFirst()
      let serial = index < 99_999 ? "J2026\(number)" : "T2026\(number)"
      let isDouble = index >= 199_998
      return Sample.operation(
        "c\(index % 100)", index.isMultiple(of: 2) ? "eu-1" : "us-1",
        index < 99_999 ? .jobs : .targets, at: index, key: "k\(index)",
        isDouble ? .failed("capacity-exhausted") : .ok([serial]))
    }
    sample.finals = [Sample.jobs, Sample.targets].enumerated().map { place, counter in
      FinalCounter(
        counter: counter, ledger: Sample.ledger(counter, at: 1_000, issued: 99_999),
        lines: (1...99_999).map { number in
          Sample.line(number, number, to: "c\((number - 1 + place * 99_999) % 100)")
        })
    }
    let history = sample.history
    let start = ContinuousClock.now
    let verdict = Verdict.judge(history)
    let time = ContinuousClock.now - start
    #expect(verdict.violations == [])
    #expect(verdict.serials == 199_998)
    #expect(time < .seconds(30), "\(time)")
    print("judged 200,000 requests in \(time)")
  }
}
