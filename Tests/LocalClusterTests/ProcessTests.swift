import FoundationEssentials
import Glibc
import Testing

@testable import LocalCluster

@Suite struct ProcessTests {
  @Test func aPidIsNoIdentity() throws {
    let child = try sleeper()
    let process = try #require(ProcessIdentity(pid: child.pid))
    #expect(process.isRunning)
    let text = try JSONEncoder().encode(process)
    #expect(try JSONDecoder().decode(ProcessIdentity.self, from: text) == process)

    // The same pid with another start, or of another boot, is somebody else.
    let earlier = String(decoding: text, as: UTF8.self).replacing(
      "\(process.startTicks)", with: "\(process.startTicks - 1)")
    let stale = try JSONDecoder().decode(ProcessIdentity.self, from: Data(earlier.utf8))
    #expect(!stale.isRunning)
    #expect(try !stale.signal(SIGKILL))
    #expect(child.ended == nil)
    #expect(try process.signal(SIGKILL))
  }

  @Test func endsAreToldApart() async throws {
    let child = try sleeper()
    child.signal(SIGTERM)
    #expect(await child.wait(atMost: .seconds(10)) == .signalled(SIGTERM))
    #expect(!child.signal(SIGTERM))
    let result = try await Command.run("/bin/sh", ["-c", "echo out; echo err >&2; exit 7"])
    #expect(result.end == .exited(7))
    #expect(result.output == "out\n")
    #expect(result.errors == "err\n")
  }

  @Test func aCommandHasALimit() async {
    let failure = await failure {
      _ = try await Command.run("/bin/sleep", ["60"], limit: .milliseconds(50))
    }
    #expect(failure?.code == .timedOut)
  }

  @Test func commandsInheritNothing() async throws {
    let lines = try await output("env").split(separator: "\n").map(String.init).sorted()
    #expect(lines == ["LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin:/usr/sbin:/sbin"])
    // 0, 1, 2, and the folder that `ls` itself has open.
    #expect(try await output("ls", "/proc/self/fd").split(separator: "\n").count == 4)
  }

  @Test func theWatchEndsTheProcessAndNoOther() async throws {
    let scratch = try Scratch()
    let child = try sleeper()
    let process = try #require(ProcessIdentity(pid: child.pid))
    try Watchdog(process: process, signal: SIGTERM).disarm()
    let watchdog = try Watchdog(process: process, signal: SIGTERM, removing: scratch.path)
    #expect(child.ended == nil)
    watchdog.strike()
    #expect(await child.wait(atMost: .seconds(10)) == .signalled(SIGTERM))
    #expect(await Poll.until(atMost: .seconds(10)) { !Folder.exists(scratch.path) })
  }

  @Test func freePortsAreDistinctAndFree() throws {
    let ports = try (0..<20).map { _ in try FreePort() }
    #expect(Set(ports.map(\.number)).count == 20)
    #expect(ports.allSatisfy { FreePort.isFree($0.number) })
    #expect(try FreePort(number: ports[0].number) == nil, "reserved")
  }

  @Test func answersAreRead() {
    func parse(_ text: String) -> LocalHTTPResponse? { LocalHTTP.parse(Array(text.utf8)) }
    #expect(
      parse("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        == LocalHTTPResponse(status: 200, body: "ok"))
    #expect(
      parse("HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        == LocalHTTPResponse(status: 503, body: "abcde"))
    #expect(parse("SSH-2.0\r\n\r\n") == nil)
    #expect(parse("") == nil)
  }
}
