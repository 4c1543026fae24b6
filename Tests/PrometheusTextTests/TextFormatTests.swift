import Testing

@testable import PrometheusText

@Suite struct TextFormatTests {
  @Test func writesTheFormatExactly() {
    let families = [
      MetricFamily(
        name: "requests_total", help: "How many.", kind: .counter,
        series: [
          Series(labels: Labels([("method", "POST"), ("code", "201")]), value: .number(3)),
          Series(labels: Labels([("code", "200"), ("method", "GET")]), value: .number(1027)),
        ]),
      MetricFamily(
        name: "latency_seconds", help: "How long.", kind: .histogram,
        series: [
          Series(
            labels: Labels([("route", "/")]),
            value: .histogram(
              HistogramValue(bounds: [0.05, 1, 2.5], counts: [2, 0, 1, 4], sum: 12.5)))
        ]),
      MetricFamily(
        name: "a_gauge", kind: .gauge,
        series: [Series(labels: Labels([]), value: .number(-1.5))]),
    ]
    #expect(
      TextFormat.write(families) == """
        # TYPE a_gauge gauge
        a_gauge -1.5
        # HELP latency_seconds How long.
        # TYPE latency_seconds histogram
        latency_seconds_bucket{route="/",le="0.05"} 2
        latency_seconds_bucket{route="/",le="1"} 2
        latency_seconds_bucket{route="/",le="2.5"} 3
        latency_seconds_bucket{route="/",le="+Inf"} 7
        latency_seconds_sum{route="/"} 12.5
        latency_seconds_count{route="/"} 7
        # HELP requests_total How many.
        # TYPE requests_total counter
        requests_total{code="200",method="GET"} 1027
        requests_total{code="201",method="POST"} 3

        """)
  }

  @Test func escapes() throws {
    let value = "C:\\DIR\\\nsays \"hi\"\r\u{E4}\u{1F600}\u{301}"
    let family = MetricFamily(
      name: "m", help: "a\\b\nc \"d\"", kind: .gauge,
      series: [Series(labels: Labels([("path", value)]), value: .number(1))])
    let text = TextFormat.write([family])
    #expect(text.hasPrefix("# HELP m a\\\\b\\nc \"d\"\n# TYPE m gauge\nm{path=\"C:\\\\DIR\\\\\\n"))
    let parsed = try ReferenceParser(text)
    #expect(parsed.samples.map(\.labels) == [["path": value]])
    #expect(parsed.helps == ["m": "a\\b\nc \"d\""])
  }

  @Test(arguments: [
    (0.0, "0"), (-0.0, "0"), (1.0, "1"), (-3.0, "-3"), (0.1, "0.1"), (1e-7, "1e-07"),
    (1e15, "1000000000000000"), (1e16, "1e+16"), (123_456_789_012_345.0, "123456789012345"),
    (.nan, "NaN"),
    (.infinity, "+Inf"), (-.infinity, "-Inf"),
    (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
    (.leastNonzeroMagnitude, "5e-324"),
  ])
  func writesNumbers(value: Double, expected: String) throws {
    #expect(TextFormat.number(value) == expected)
    if value.isFinite { #expect(Double(expected) == value) }
  }

  @Test func orderDoesNotDependOnTheInput() {
    let series = (0..<50).map {
      Series(labels: Labels([("n", "\($0)")]), value: .number(Double($0)))
    }
    let families = ["c", "a", "b"].map { name in
      MetricFamily(name: name, kind: .gauge, series: series)
    }
    let reversed = families.reversed().map { family in
      MetricFamily(name: family.name, kind: .gauge, series: family.series.reversed())
    }
    #expect(TextFormat.write(families) == TextFormat.write(reversed))
  }

  @Test func eachNameAndEachSeriesOnce() throws {
    let one = MetricFamily.gauge("x", help: "one", [([("a", "1")], 1), ([("a", "1")], 2)])
    let two = MetricFamily.gauge("x", help: "two", [([("a", "2")], 3)])
    let other = MetricFamily(
      name: "x", kind: .counter, series: [Series(labels: Labels([]), value: .number(9))])
    let parsed = try ReferenceParser(TextFormat.write([one, two, other]))
    #expect(parsed.samples.map(\.value) == ["1", "3"])
    #expect(parsed.helps == ["x": "one"])
  }

  @Test func bringsNamesIntoTheAlphabet() {
    #expect(Name.metric("serial_issued_total") == "serial_issued_total")
    #expect(Name.metric("a:b") == "a:b")
    #expect(Name.metric("hb.requests-\u{E4}") == "hb_requests__")
    #expect(Name.metric("9lives") == "_9lives")
    #expect(Name.metric("") == "_")
    #expect(Name.label("a:b") == "a_b")
    #expect(Name.label("__name__") == "x__name__")
    #expect(Name.label("le") == "le_")
    #expect(Labels([("a.b", "1"), ("a_b", "2")]) == Labels([("a_b", "2")]))
  }

  @Test func writesNothingForNothing() throws {
    #expect(TextFormat.write([]) == "")
    #expect(TextFormat.write([MetricFamily(name: "x", help: "h", kind: .gauge, series: [])]) == "")
  }

  @Test func theReferenceParserIsStrict() {
    for text in [
      "x 1", "x 1\n", "# TYPE x gauge\nx{a=\"1\" 1\n", "# TYPE x gauge\nx 1\nx 1\n",
      "# TYPE x gauge\nx{a=\"\\q\"} 1\n", "# TYPE x gauge\nx one\n", "# TYPE x gauge\ny 1\n",
      "# TYPE x gauge\nx 1\n# TYPE y gauge\ny 1\n# TYPE x gauge\nx 2\n", "# TYPE x gauge\nx inf\n",
    ] {
      #expect(throws: ReferenceParser.Failure.self, "\(text)") { try ReferenceParser(text) }
    }
  }
}
