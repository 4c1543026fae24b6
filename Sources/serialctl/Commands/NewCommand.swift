import ArgumentParser
import Foundation
import NIOHTTP1
import SerialFormat

struct NewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Issue new serials.",
    discussion: """
      A number that was issued is used up. When the answer is lost (exit status 4) the numbers may \
      be recorded as issued; nobody else gets them. With --key the command can be repeated: for 24 \
      hours the same key gives the same serials, from any node.

      EXAMPLES
        serialctl new job
        serialctl new target --count 100
        serialctl new job --key order-4711
      """)

  @Argument(help: "What the serials are for: job or target.")
  var kind: Kind

  @Option(help: "How many, 1...1000.")
  var count = 1

  @Option(help: "Idempotency key, 1...200 bytes; another request needs another key.")
  var key: String?

  @Option(help: "UTC year of the serials; needs cluster:admin. Without it the running one.")
  var year: Int?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...1000).contains(count) else {
      throw ValidationError("--count is \(count): expected 1...1000")
    }
    if let key, !Self.isGood(key: key) {
      throw ValidationError(
        "--key has \(key.utf8.count) bytes: expected 1...200 without control characters")
    }
    if let year, !Capacity.years.contains(year) {
      throw ValidationError("--year is \(year): expected 2000...9999")
    }
  }

  /// A line break in it would end the header that carries it.
  static func isGood(key: String) -> Bool {
    (1...200).contains(key.utf8.count)
      && !key.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }

  struct Body: Encodable {
    let count: Int
    let year: Int?
  }

  struct Issued: Decodable {
    let serials: [String]
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let call = ClusterClient.Call(
          .POST, "/api/serials/\(kind.rawValue)s",
          body: try encode(Body(count: count, year: year)), idempotencyKey: key)
        do {
          try show(try await client.ask(call), output, as: Issued.self) {
            $0.serials.joined(separator: "\n")
          }
        } catch let failure as ControlFailure where failure.status == .outcomeUnknown {
          let advice =
            key == nil
            ? "Asking again may use up further numbers; with --key it does not."
            : "Repeat it with the same --key."
          throw ControlFailure(
            .outcomeUnknown, "\(failure.description)\n  \(advice)", code: failure.code)
        }
      }
    }
  }
}
