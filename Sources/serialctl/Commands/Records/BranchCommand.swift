import ArgumentParser
import Foundation
import SerialClient
import SerialFormat

struct BranchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "branch",
    abstract: "Branches, that is results on one target: show, update.",
    discussion: """
      EXAMPLES
        serialctl branch show J202600001.0003.0015
        serialctl branch update J202600001.0003.0015 --status completed --exit-code 0
      """,
    subcommands: [Show.self, Update.self])

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show a branch with its whole outputs.",
      discussion: """
        EXAMPLE
          serialctl branch show J202600001.0003.0015
        """)

    @Argument(help: "Its serial.")
    var branch: String
    @OptionGroup var output: OutputOptions

    func run() async throws {
      try await control {
        try await ClusterClient.run { client in
          let data = try await client.get("/api/executions/branch/\(escaped(branch))")
          try showRecord(data, output, as: BranchRecord.self, text: RecordText.branch)
        }
      }
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the result of a branch.",
      discussion: """
        A finished branch never changes; the same change again is harmless. Its execution's status \
        follows.

        EXAMPLES
          serialctl branch update J202600001.0003.0015 --status running
          run-it 2>&1 | serialctl branch update J202600001.0003.0015 --status completed \
        --exit-code 0 --output-file -
        """)

    @Argument(help: "Its serial.")
    var branch: String
    @OptionGroup var change: ChangeOptions
    @Option(help: "The exit code of what ran.")
    var exitCode: Int?
    @Option(help: "A file with what it wrote, at most 8 MiB of UTF-8; - is the standard input.")
    var outputFile: String?
    @Option(help: "A file with what it wrote as errors, at most 8 MiB of UTF-8; - likewise.")
    var errorFile: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
      guard change.isSomething || exitCode != nil || outputFile != nil || errorFile != nil else {
        throw ValidationError("there is nothing to change")
      }
      if outputFile == "-", errorFile == "-" {
        throw ValidationError("the standard input can be read once only")
      }
    }

    func run() async throws {
      try await control {
        let body = BranchChange(
          status: change.recordStatus, startedAt: change.startedAt?.date,
          completedAt: change.completedAt?.date, output: try text(of: outputFile),
          error: try text(of: errorFile), exitCode: exitCode)
        try await ClusterClient.run { client in
          let call = try recordCall(
            .patch, "/api/executions/branch/\(escaped(branch))", body, effect: .change)
          let data = try await client.ask(call)
          try showRecord(data, output, as: BranchRecord.self, text: RecordText.branch)
        }
      }
    }

    private static let largestBytes = 8 * 1024 * 1024

    private func text(of file: String?) throws -> String? {
      guard let file else { return nil }
      let data: Data?
      do {
        let handle =
          file == "-"
          ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(filePath: file))
        data = try Self.read(handle)
      } catch {
        throw ControlFailure(.refused, "\(file) cannot be read: \(error.localizedDescription)")
      }
      guard let data, data.count <= Self.largestBytes else {
        throw ControlFailure(.refused, "\(file) has more than 8 MiB")
      }
      guard let text = String(data: data, encoding: .utf8) else {
        throw ControlFailure(.refused, "\(file) is not UTF-8")
      }
      return text
    }

    /// No more than one byte above the limit; a pipe gives less than asked for at a time.
    private static func read(_ handle: FileHandle) throws -> Data {
      var data = Data()
      while data.count <= largestBytes,
        let part = try handle.read(upToCount: largestBytes + 1 - data.count), !part.isEmpty
      { data.append(part) }
      return data
    }
  }
}
