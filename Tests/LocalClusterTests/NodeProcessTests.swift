import Glibc
import Testing

@testable import LocalCluster

@Suite struct NodeProcessTests {
  let scratch: Scratch
  let port: FreePort

  init() throws {
    scratch = try Scratch()
    port = try FreePort()
    try LocalFile.write("secret".utf8, to: "\(scratch.path)/secret", mode: 0o600)
  }

  private func configuration(_ arguments: [String] = ["serve"]) -> NodeConfiguration {
    var configuration = NodeConfiguration(
      name: "eu-1",
      executable: String(#filePath.dropLast("NodeProcessTests.swift".count)) + "fake-seriald",
      port: port.number,
      environment: [
        "SERIAL_NODE_NAME": "eu-1", "SERIAL_API_HOST": "127.0.0.1",
        "SERIAL_API_PORT": String(port.number),
        "SERIAL_AUTH_HS256_SECRET_FILE": "\(scratch.path)/secret",
      ],
      logFile: "\(scratch.path)/log", recordFile: "\(scratch.path)/record")
    configuration.arguments = arguments
    configuration.endsWithUs = true
    return configuration
  }

  @Test func anotherProcessFindsItByItsRecord() async throws {
    let node = NodeProcess(configuration: configuration())
    let process = try await node.start()
    try await node.waitUntilReady()
    let other = NodeProcess(configuration: configuration())
    #expect(await other.running == process)
    #expect(try await other.start() == process)
    #expect(await other.isReady())

    // A held node does not answer, and still hears that it is to end.
    try await other.pause()
    #expect(await !other.isReady())
    #expect(try await other.stop() == .stopped)
    #expect(try await other.stop() == .notRunning)
    #expect(await node.running == nil)
    #expect(await Poll.until(atMost: .seconds(5)) { await node.ended == .signalled(SIGTERM) })
  }

  @Test func aStaleRecordIsNobody() async throws {
    let node = NodeProcess(configuration: configuration())
    try await node.start()
    let record = try #require(try LocalFile.read("\(scratch.path)/record"))
    try await node.kill()
    try LocalFile.write(record, to: "\(scratch.path)/record", mode: 0o600)
    let other = NodeProcess(configuration: configuration())
    #expect(await other.running == nil)
    #expect(try await other.stop() == .notRunning)
    // A record that was copied from elsewhere gives no right over the process.
    try await other.start()
    var copied = configuration()
    copied.recordFile = "\(scratch.path)/copy"
    let live = try #require(try LocalFile.read("\(scratch.path)/record"))
    try LocalFile.write(live, to: "\(scratch.path)/copy", mode: 0o600)
    #expect(await NodeProcess(configuration: copied).running == nil)
    try await other.stop()
  }

  @Test func oneThatEndsAtOnceShowsItsLog() async throws {
    let node = NodeProcess(configuration: configuration(["nonsense"]))
    let failure = await failure {
      try await node.start()
      try await node.waitUntilReady()
    }
    #expect(failure?.code == .endedEarly)
    #expect(failure?.message.contains("unknown command") == true)
  }
}
