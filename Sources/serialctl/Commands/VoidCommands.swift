import ArgumentParser
import Foundation
import SerialFormat

/// Numbers of a counter, from a serial on.
struct NumbersArguments: ParsableArguments {
  @Argument(help: "The first serial: J202600001 or T202600001.")
  var serial: String

  @Option(help: "How many numbers, from the serial on, 1...99999.")
  var count = 1

  func validate() throws {
    guard (1...Capacity.counter).contains(count) else {
      throw ValidationError("--count is \(count): expected 1...99999")
    }
    do {
      switch try Serial(parsing: serial) {
      case .job, .target: break
      case .execution, .branch:
        throw ValidationError("\(serial) is no number of a counter: expected a job or a target")
      }
    } catch let error as SerialError {
      throw ValidationError("\(error)")
    }
  }
}

/// The body of a request to strike numbers out, or to take that back.
private struct VoidBody: Encodable {
  let reason: String
  let count: Int
}

private struct Changed: Decodable {
  let changed: Int
}

struct VoidCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "void",
    abstract: "Strike numbers out, so that nobody is given them.",
    discussion: """
      Free numbers, and issued ones that no record carries: all of them or none. A recorded number \
      is never struck out. A number that a node holds is asked back first, for which the command \
      waits. Each void number is one less that can be issued this year; `unvoid` takes it back.

      EXAMPLE
        serialctl void J202600017 --reason "printed twice"
      """)

  @OptionGroup var numbers: NumbersArguments
  @OptionGroup var why: ReasonOptions
  @OptionGroup var waiting: WaitOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await waiting.wait { () async throws -> Attempt<Data> in
          do {
            return .done(
              try await client.post(
                "/api/serials/\(numbers.serial)/void",
                VoidBody(reason: why.reason, count: numbers.count)))
          } catch let failure as ControlFailure where failure.code == "recalling" {
            return .notYet(failure.description)
          }
        }
        try show(data, output, as: Changed.self) { "void: \($0.changed)" }
      }
    }
  }
}

struct UnvoidCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unvoid",
    abstract: "Take void back.",
    discussion: """
      Numbers that were free become free and will be issued; those that were issued become issued \
      again. All of them or none.

      EXAMPLE
        serialctl unvoid J202600017 --reason "it was the other one"
      """)

  @OptionGroup var numbers: NumbersArguments
  @OptionGroup var why: ReasonOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.post(
          "/api/serials/\(numbers.serial)/unvoid",
          VoidBody(reason: why.reason, count: numbers.count))
        try show(data, output, as: Changed.self) { "no longer void: \($0.changed)" }
      }
    }
  }
}
