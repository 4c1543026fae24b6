import CoreMetrics
import Testing

@testable import PrometheusText

@Suite struct RegistryTests {
  let registry: Registry
  let factory: PrometheusMetricsFactory

  init() {
    var catalogue = Catalogue()
    catalogue.describe("serial_commit_seconds", "Time.", bounds: Catalogue.secondsBounds)
    catalogue.describe("serial_commit_batch_size", "Size.", bounds: Catalogue.sizeBounds)
    registry = Registry(catalogue: catalogue)
    factory = PrometheusMetricsFactory(registry: registry)
  }

  func samples() throws -> [ReferenceParser.Sample] {
    try ReferenceParser(TextFormat.write(registry.families())).samples
  }

  func value(_ name: String, _ labels: [String: String] = [:]) throws -> String? {
    try samples().first { $0.name == name && $0.labels == labels }?.value
  }

  @Test func countersRiseAndShareTheirSeries() throws {
    let one = Counter(label: "c_total", dimensions: [("a", "1"), ("b", "2")], factory: factory)
    let same = Counter(label: "c_total", dimensions: [("b", "2"), ("a", "1")], factory: factory)
    one.increment(by: 4)
    same.increment()
    one.increment(by: -9)
    #expect(try value("c_total", ["a": "1", "b": "2"]) == "5")
    one.reset()
    #expect(try value("c_total", ["a": "1", "b": "2"]) == "0")
  }

  @Test func floatingPointCounters() throws {
    let counter = FloatingPointCounter(label: "f_total", factory: factory)
    counter.increment(by: 0.5)
    counter.increment(by: 1.75)
    counter.increment(by: -1.0)
    #expect(try value("f_total") == "2.25")
  }

  @Test func gaugesAndMeters() throws {
    let gauge = Gauge(label: "g", factory: factory)
    gauge.record(5)
    gauge.record(-2.5)
    #expect(try value("g") == "-2.5")
    let meter = Meter(label: "m", factory: factory)
    meter.set(3)
    meter.increment(by: 1.5)
    meter.decrement()
    #expect(try value("m") == "3.5")
    gauge.record(Double.nan)
    #expect(try value("g") == "NaN")
  }

  @Test func timersAreInSeconds() throws {
    let timer = Timer(label: "serial_commit_seconds", factory: factory)
    timer.recordNanoseconds(500_000)
    timer.recordNanoseconds(500_001)
    timer.recordSeconds(11)
    let buckets = try samples().filter { $0.name == "serial_commit_seconds_bucket" }
    #expect(buckets.count == Catalogue.secondsBounds.count + 1)
    #expect(buckets.map(\.value) == ["1"] + Array(repeating: "2", count: 13) + ["3"])
    #expect(buckets.first?.labels == ["le": "0.0005"])
    #expect(buckets.dropLast().last?.labels == ["le": "10"])
    #expect(buckets.last?.labels == ["le": "+Inf"])
    #expect(try value("serial_commit_seconds_count") == "3")
    #expect(try value("serial_commit_seconds_sum") == "11.001000001")
  }

  @Test func recordersAreHistogramsWithTheirOwnBounds() throws {
    let recorder = Recorder(label: "serial_commit_batch_size", factory: factory)
    for size in [1, 2, 3, 1024, 1025] { recorder.record(size) }
    recorder.record(Double.nan)
    let buckets = try samples().filter { $0.name.hasSuffix("_bucket") }
    #expect(
      buckets.map { $0.labels["le"] } == [
        "1", "2", "4", "8", "16", "32", "64", "128", "256", "512", "1024", "+Inf",
      ])
    #expect(buckets.map(\.value) == ["1", "2"] + Array(repeating: "3", count: 8) + ["4", "5"])
    #expect(try value("serial_commit_batch_size_sum") == "2055")
  }

  @Test func histogramsKeepInfiniteValues() throws {
    let recorder = Recorder(label: "h", factory: factory)
    recorder.record(Double.infinity)
    recorder.record(-Double.infinity)
    #expect(try value("h_bucket", ["le": "+Inf"]) == "2")
    #expect(try value("h_bucket", ["le": "0.005"]) == "1")
    #expect(try value("h_sum") == "NaN")
  }

  @Test func destroyedSeriesGoAway() throws {
    let counter = Counter(label: "c_total", dimensions: [("a", "1")], factory: factory)
    _ = Counter(label: "c_total", dimensions: [("a", "2")], factory: factory)
    counter.destroy()
    #expect(try samples().map(\.labels) == [["a": "2"]])
  }

  @Test func aNameHasOneKind() throws {
    let counter = Counter(label: "x", factory: factory)
    counter.increment()
    let gauge = Gauge(label: "x", factory: factory)
    gauge.record(7)
    #expect(try value("x") == "1")
    #expect(try value(Registry.refusedName) == "1")
  }

  @Test func theNumberOfSeriesIsBounded() throws {
    for index in 0..<Registry.seriesLimit + 5 {
      Counter(label: "c_total", dimensions: [("n", "\(index)")], factory: factory).increment()
    }
    #expect(try samples().count == Registry.seriesLimit + 1)
    #expect(try value(Registry.refusedName) == "5")
  }

  @Test func countsEveryIncrementOfManyThreads() async throws {
    let counter = Counter(label: "c_total", factory: factory)
    let floating = FloatingPointCounter(label: "f_total", factory: factory)
    let timer = Timer(label: "t_seconds", factory: factory)
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<2_000 {
            counter.increment()
            floating.increment(by: 0.5)
            timer.recordNanoseconds(1_000_000)
          }
        }
      }
    }
    #expect(try value("c_total") == "16000")
    #expect(try value("f_total") == "8000")
    #expect(try value("t_seconds_count") == "16000")
  }

  @Test func arbitraryNamesAndValuesStayReadable() throws {
    let awkward = ["a b", "", "\n", "\"", "\\", "le", "__x", "ü", "0", "a=b,c", "}", "# HELP x y"]
    for (index, text) in awkward.enumerated() {
      Counter(label: "m\(text)", dimensions: [(text, text)], factory: factory).increment(by: index)
      Timer(label: text, dimensions: [("v", text)], factory: factory).recordSeconds(index)
    }
    let values = Set(try samples().flatMap(\.labels.values))
    for text in awkward { #expect(values.contains(text)) }
  }
}
