import Foundation
import SerialClient
import SerialFormat
import Testing

// The example of docs/client.md, from here
func update(_ configuration: ClientConfiguration, token: String) async throws -> BranchSerial? {
  try await SerialClient.run(configuration, token: { token }) { client in
    let target = try await client.createTarget(TargetDraft(name: "web-1", osType: "linux"))
    let job = try await client.createJob(JobDraft(name: "System Update", jobType: .script))
    let execution = try await client.execute(job.serial, on: [target.serial])

    for try await branch in client.children(of: execution.execution.serial) {
      let result = BranchChange(status: .completed, output: "42 packages updated", exitCode: 0)
      let changed = try await client.change(branch.serial, result)
      return changed.serial
    }
    return nil
  }
}
// to here

/// The example is the text of the document, and does what it says.
@Suite(.timeLimit(.minutes(1)))
struct ExampleTests {
  @Test func theExampleIsThatOfTheDocument() throws {
    let file = URL(filePath: #filePath)
    let project = file.deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let document = try String(
      contentsOf: project.appending(path: "docs/client.md"), encoding: .utf8)
    let source = try String(contentsOf: file, encoding: .utf8)
    let start = try #require(source.range(of: ", from here\n")?.upperBound)
    let end = try #require(source.range(of: "// to here\n")?.lowerBound)
    #expect(document.contains("```swift\n\(source[start..<end])```"))
  }

  @Test func theExampleRuns() async throws {
    let page = #"{"children":[\#(Samples.branch)],"next":null}"#
    try await ScriptedServer.run([
      .answer(201, Samples.target), .answer(201, Samples.job), .cut,
      .answer(201, Samples.detail), .answer(200, page), .answer(200, Samples.branch),
    ]) { server, url in
      let serial = try await update(ClientConfiguration(nodes: [url]), token: "a token")
      #expect(serial?.description == "J202600001.0003.0015")
      let keys = server.requests.map(\.key)
      #expect(keys.count == 6 && keys[2] == keys[3] && Set(keys.compactMap(\.self)).count == 3)
    }
  }
}
