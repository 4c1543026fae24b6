import ArgumentParser
import Foundation

struct CapacityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capacity",
    abstract: "Show how full the counters are.",
    discussion: """
      In a bar, # is issued, + is leased to a node, x is void and . is free. The rate is the mean of \
      the last 28 days, late ones counting more; "runs out" is when nothing will be left at that \
      rate, and empty when the numbers last until the year ends.

      EXAMPLE
        serialctl capacity
      """)

  @OptionGroup var output: OutputOptions

  struct Capacity: Decodable {
    let counters: [Counter]

    struct Counter: Decodable {
      let kind: String
      let year: Int
      let capacity: Int
      let issued: Int
      let leased: Int
      let free: Int
      let void: Int
      let reserve: Int
      let frozen: Bool
      let usedPercent: Double
      let ratePerDay: Double?
      let exhaustedAt: String?
    }
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.get("/api/capacity")
        if output.json {
          print(try pretty(data))
          return
        }
        let rows = try decode(data, as: Capacity.self).counters.map { counter in
          [
            counter.kind, String(counter.year), Self.bar(counter),
            String(format: "%.2f %%", counter.usedPercent), String(counter.issued),
            String(counter.leased), String(counter.free), String(counter.void),
            counter.ratePerDay.map { String(format: "%.2f", $0) } ?? "",
            counter.exhaustedAt ?? "", counter.reserve == 0 ? "" : String(counter.reserve),
            counter.frozen ? "frozen" : "",
          ]
        }
        print(
          table(
            [
              "kind", "year", "", "used", "issued", "leased", "free", "void", "a day", "runs out",
              "reserve", "",
            ], rows))
      }
    }
  }

  /// A bar of 40 cells. What is there at all has a cell, however few numbers it is.
  static func bar(_ counter: Capacity.Counter, cells: Int = 40) -> String {
    func cellCount(_ numbers: Int) -> Int {
      numbers == 0 ? 0 : max(1, numbers * cells / max(1, counter.capacity))
    }
    let used = [(counter.issued, "#"), (counter.leased, "+"), (counter.void, "x")]
    let text = used.map { String(repeating: $0.1, count: cellCount($0.0)) }.joined()
    let room = counter.free == 0 ? cells : cells - 1
    let shown = text.prefix(room)
    return "[" + shown + String(repeating: ".", count: cells - shown.count) + "]"
  }
}
