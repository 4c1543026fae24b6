import ArgumentParser
import Foundation
import SerialClient
import SerialFormat

struct NewCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Issue new serials.",
    discussion: """
      A number that was issued is used up. When the answer is lost (exit status 4) the numbers may \
      be recorded as issued; nobody else gets them. The message then says the key with which the \
      command can be repeated: for 24 hours the same --key gives the same serials, from any node.

      EXAMPLES
        serialctl new job
        serialctl new target --count 100
        serialctl new job --key order-4711
      """)

  @Argument(help: "What the serials are for: job or target.")
  var kind: Kind

  @Option(help: "How many, 1...1000.")
  var count = 1

  @OptionGroup var repeating: KeyOptions

  @Option(help: "UTC year of the serials; needs cluster:admin. Without it the running one.")
  var year: Int?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...1000).contains(count) else {
      throw ValidationError("--count is \(count): expected 1...1000")
    }
    if let year, !Capacity.years.contains(year) {
      throw ValidationError("--year is \(year): expected 2000...9999")
    }
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
        let call = ClientCall(
          .post, "/api/serials/\(kind.rawValue)s",
          body: try encode(Body(count: count, year: year)), effect: .create)
        try show(try await client.ask(call, key: repeating.key), output, as: Issued.self) {
          $0.serials.joined(separator: "\n")
        }
      }
    }
  }
}
