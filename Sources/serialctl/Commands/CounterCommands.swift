import ArgumentParser
import SerialFormat

private struct FrozenBody: Encodable {
  let frozen: Bool
  let reason: String
}

private struct Frozen: Decodable {
  let kind: String
  let year: Int
  let frozen: Bool

  var text: String { "\(kind) \(year): \(frozen ? "frozen" : "not frozen")" }
}

struct FreezeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "freeze",
    abstract: "Stop issuing numbers of a counter, on every node.",
    discussion: """
      From then on requests for it are refused with the code frozen. Numbers that a node had \
      committed ahead may still be handed out. It loses no number; `unfreeze` takes it back.

      EXAMPLE
        serialctl freeze job 2026 --reason "a client in a loop"
      """)

  @OptionGroup var counter: CounterArguments
  @OptionGroup var why: ReasonOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.put(
          counter.path + "/frozen", FrozenBody(frozen: true, reason: why.reason))
        try show(data, output, as: Frozen.self, text: \.text)
      }
    }
  }
}

struct UnfreezeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unfreeze",
    abstract: "Let a frozen counter issue again.",
    discussion: """
      EXAMPLE
        serialctl unfreeze job 2026 --reason "the client is repaired"
      """)

  @OptionGroup var counter: CounterArguments
  @OptionGroup var why: ReasonOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.put(
          counter.path + "/frozen", FrozenBody(frozen: false, reason: why.reason))
        try show(data, output, as: Frozen.self, text: \.text)
      }
    }
  }
}

struct ReserveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reserve",
    abstract: "Keep the last numbers of a counter for administrators.",
    discussion: """
      When only so many numbers are free, requests without the scope cluster:admin are refused with \
      the code reserve-only. 0 keeps none. It loses no number.

      EXAMPLE
        serialctl reserve job 2026 1000
      """)

  @OptionGroup var counter: CounterArguments

  @Argument(help: "How many numbers, 0...99999.")
  var numbers: Int

  @OptionGroup var output: OutputOptions

  struct Body: Encodable {
    let numbers: Int
  }

  struct Reserve: Decodable {
    let kind: String
    let year: Int
    let reserve: Int
  }

  func validate() throws {
    guard (0...Capacity.counter).contains(numbers) else {
      throw ValidationError("the reserve is \(numbers): expected 0...99999")
    }
  }

  func run() async throws {
    try await control {
      try await ClusterClient.run { client in
        let data = try await client.put(counter.path + "/reserve", Body(numbers: numbers))
        try show(data, output, as: Reserve.self) {
          "\($0.kind) \($0.year): \($0.reserve) kept for administrators"
        }
      }
    }
  }
}
