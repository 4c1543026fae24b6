import ArgumentParser
import Foundation

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "Show the history: grants, expiries, releases, recalls, voids, incidents.",
    discussion: """
      From the beginning, or from behind --after. With --follow it goes on with what happens from \
      then on until it is interrupted; --json then prints each event on a line of its own. At the \
      end of a listing stderr says from where to go on. It only reads.

      EXAMPLES
        serialctl events --event overlap
        serialctl events --node eu-1 --follow
      """)

  @Option(help: "Only events behind this place, as a listing before said it.")
  var after: String?

  @Option(help: "Only events of this name, such as granted or expired.")
  var event: String?

  @Option(help: "Only events of this node.")
  var node: String?

  @Option(help: "How many events at most; without it all.")
  var limit: Int?

  @Flag(help: "Go on with what happens from now on, asking once a second.")
  var follow = false

  @OptionGroup var output: OutputOptions

  struct Page: Decodable {
    let events: [Event]
    let next: String?

    struct Event: Decodable {
      let at: String
      let event: String
      let kind: String?
      let year: Int?
      let first: Int?
      let last: Int?
      let node: String?
    }
  }

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is \(limit): expected 1 or more") }
    if limit != nil, follow { throw ValidationError("--limit and --follow exclude each other") }
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        var listed: [Any] = []
        var cursor = after
        var count = 0
        while count < limit ?? .max {
          let size = min(1000, (limit ?? .max) - count)
          guard let data = try await ask(client, after: cursor, size: size) else { continue }
          let page = try decode(data, as: Page.self)
          let objects = try entries(of: data, "events")
          if output.json, !follow { listed += objects } else { try write(page.events, objects) }
          cursor = page.next ?? cursor
          count += page.events.count
          guard page.events.count < size else { continue }
          guard follow else { break }
          try await Task.sleep(for: Self.pause)
        }
        if output.json, !follow {
          print(try pretty(["events": listed, "next": cursor as Any? ?? NSNull()]))
        } else if let cursor {
          note("go on with --after \(cursor)")
        }
      }
    }
  }

  private static let pause = Duration.seconds(1)

  /// One page. Following outlasts a cluster that is away for a while: nil then, after a pause.
  private func ask(_ client: ClusterClient, after cursor: String?, size: Int) async throws -> Data?
  {
    do {
      return try await client.get(
        path(
          "/api/events",
          [("after", cursor), ("limit", String(size)), ("event", event), ("node", node)]))
    } catch let failure as ControlFailure where follow && failure.status == .unavailable {
      note(failure.description)
      try await Task.sleep(for: Self.pause)
      return nil
    }
  }

  /// Each event on a line, at once: whoever follows through a pipe waits for it.
  private func write(_ events: [Page.Event], _ objects: [Any]) throws {
    for (event, object) in zip(events, objects) {
      let detail = (object as? [String: Any])?["detail"] as? [String: Any]
      let line = try output.json ? compact(object) : Self.line(event, detail)
      FileHandle.standardOutput.write(Data("\(line)\n".utf8))
    }
  }

  private static func line(_ event: Page.Event, _ detail: [String: Any]?) throws -> String {
    let parts = [
      event.at, event.event.padding(toLength: 15, withPad: " ", startingAt: 0),
      event.node ?? "-",
      [event.kind, event.year.map(String.init)].compactMap(\.self).joined(separator: " "),
      numbers(event.first, event.last), try detail.map(compact) ?? "",
    ]
    return parts.filter { !$0.isEmpty }.joined(separator: "  ")
  }
}
