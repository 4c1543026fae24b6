import Foundation
import Glibc
import LibPQ
import Logging
import Testing

/// What the tests with a server share: certificates, a template, one server.
struct TestCluster {
  let server: TestServer
  let certificates: TestCertificates
  let template: URL

  /// Made when the first test asks. A server that cannot be made is a failure of each test.
  static let shared = Result { try TestCluster() }

  static func get() throws -> TestCluster { try shared.get() }

  private init() throws {
    // Every test of this process runs under an environment that tries to weaken libpq; set
    // before any connection exists, since setenv is not for several threads.
    for (name, value) in Self.hostileEnvironment { setenv(name, value, 1) }
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "libpq-tests-\(getpid())-\(UInt32.random(in: 0...UInt32.max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    // The servers' shells, of another user, remove their own folders in it.
    try Program.run("chmod", "0777", folder.path)
    certificates = try TestCertificates(folder: folder)
    template = try TestServer.makeTemplate(in: folder)
    server = try TestServer(certificates: certificates, template: template)
    TestFolder.removeAtExit(folder)
  }

  func makeServer(_ setup: TestServer.Setup) throws -> TestServer {
    try TestServer(certificates: certificates, template: template, setup: setup)
  }

  static let hostileEnvironment = [
    "PGHOST": "/tmp", "PGPORT": "1", "PGUSER": "intruder", "PGDATABASE": "elsewhere",
    "PGSSLMODE": "disable", "PGREQUIRESSL": "0", "PGSSLROOTCERT": "/nonexistent/ca",
    "PGSSLCERT": "/nonexistent/cert", "PGSSLKEY": "/nonexistent/key", "PGGSSENCMODE": "prefer",
    "PGSSLMINPROTOCOLVERSION": "TLSv1", "PGSSLMAXPROTOCOLVERSION": "TLSv1.2",
    "PGTARGETSESSIONATTRS": "standby", "PGCLIENTENCODING": "LATIN1", "PGAPPNAME": "intruder",
    "PGOPTIONS": "-c client_min_messages=error -c statement_timeout=0",
    "PGDATESTYLE": "German", "PGTZ": "Asia/Tokyo", "PGPASSFILE": "/etc/passwd",
    "PGCHANNELBINDING": "disable", "PGCONNECT_TIMEOUT": "0",
  ]
}

/// The folder goes with the process; each server's shell removes its own part.
enum TestFolder {
  nonisolated(unsafe) private static var path = ""

  /// Called once, from the shared cluster's initialiser.
  static func removeAtExit(_ folder: URL) {
    path = folder.path
    atexit {
      guard let cluster = try? TestCluster.get() else { return }
      cluster.server.stop()
      // Bounded: until the shells have stopped the servers and removed their folders.
      for _ in 0..<500 {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: TestFolder.path)) ?? []
        guard names.contains(where: { $0.hasPrefix("server-") && !$0.contains(".") }) else { break }
        usleep(10_000)
      }
      try? FileManager.default.removeItem(atPath: TestFolder.path)
    }
  }
}

/// Tests that need the server run one after another: some of them count threads and descriptors.
@Suite(.serialized) struct ServerTests {}

let testLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A connection to the shared server, closed when `body` is done.
func withTestConnection<Value>(
  limits: SessionLimits = .standard, isolation: isolated (any Actor)? = #isolation,
  _ body: (Connection) async throws -> Value
) async throws -> Value {
  let connection = try await Connection.connect(
    TestCluster.get().server.options(), limits: limits, logger: testLogger)
  let result: Result<Value, any Error>
  do { result = .success(try await body(connection)) } catch { result = .failure(error) }
  await connection.close()
  return try result.get()
}

/// The error that `body` must throw.
func libpqError(
  isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Void
) async throws -> LibPQError {
  do {
    try await body()
  } catch let error as LibPQError {
    return error
  }
  throw Program.Failure(message: "nothing was thrown")
}

extension Statement {
  /// A statement with a name made for a test.
  init(_ sql: String, _ parameterCount: Int = 0) {
    self.init(name: "test", sql: sql, parameterCount: parameterCount)
  }
}
