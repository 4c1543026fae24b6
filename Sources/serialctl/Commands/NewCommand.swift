import ArgumentParser
import Foundation

struct NewCommand: AsyncParsableCommand {
  enum Kind: String, ExpressibleByArgument, CaseIterable {
    case job
    case target
  }

  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Issue new serials.",
    discussion: """
      A number that was issued is used up. When the answer is lost (exit status 4) the numbers may \
      be recorded as issued; nobody else gets them.

      EXAMPLES
        serialctl new job
        serialctl new target --count 100
      """)

  @Argument(help: "What the serials are for: job or target.")
  var kind: Kind

  @Option(help: "How many, 1...1000.")
  var count = 1

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard (1...1000).contains(count) else {
      throw ValidationError("--count is \(count): expected 1...1000")
    }
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.post(
          "/api/serials/\(kind.rawValue)s", Data(#"{"count": \#(count)}"#.utf8))
        if output.json {
          print(try pretty(data))
        } else {
          struct Issued: Decodable { let serials: [String] }
          print(try decode(data, as: Issued.self).serials.joined(separator: "\n"))
        }
      }
    }
  }
}
