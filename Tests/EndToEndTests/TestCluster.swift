import AsyncHTTPClient
import Foundation
import LocalCluster
import SerialAuth
import Testing

/// Real `seriald` processes on a real PostgreSQL over TLS, ended with the test.
struct TestCluster: Sendable {
  static let secret = "local-end-to-end-secret-of-more-than-32-bytes"
  /// Short, so that a lease that nobody holds any more is soon free again.
  static let leaseMilliseconds = 3_000

  let postgres: EphemeralPostgres
  let nodes: [String: NodeProcess]
  let ports: [String: UInt16]
  let token: String

  static let names = ["eu-1", "eu-2", "us-1"]

  /// The folder of the test bundle, where the programs were built.
  static var programs: String {
    let bundle = Bundle.main.executableURL ?? URL(filePath: CommandLine.arguments[0])
    var folder = bundle.deletingLastPathComponent()
    while folder.path != "/" {
      let candidate = folder.appending(path: "seriald").path
      if FileManager.default.isExecutableFile(atPath: candidate) { return folder.path }
      folder = folder.deletingLastPathComponent()
    }
    return "."
  }

  /// Runs a body on a new cluster whose nodes are ready.
  static func run(
    environment: [String: String] = [:], _ body: (TestCluster) async throws -> Void
  ) async throws {
    let cluster = try await TestCluster(environment: environment)
    let result: Result<Void, any Error>
    do {
      for name in names {
        try await cluster.node(name).start()
      }
      for name in names { try await cluster.node(name).waitUntilReady() }
      result = .success(try await body(cluster))
    } catch {
      result = .failure(error)
    }
    for node in cluster.nodes.values { try await node.kill() }
    try await cluster.postgres.remove()
    try result.get()
  }

  private init(environment: [String: String]) async throws {
    postgres = try await EphemeralPostgres.start()
    _ = try await postgres.sql("CREATE DATABASE serial")
    let admin = try postgres.uri(role: "postgres", database: "serial").description
    try await Self.program("seriald", ["migrate"], ["SERIAL_DATABASE_URL": admin]).expectSuccess()
    var nodes: [String: NodeProcess] = [:]
    var ports: [String: UInt16] = [:]
    for name in Self.names {
      try await Self.program(
        "seriald", ["enroll", name, "--region", String(name.prefix(2))],
        ["SERIAL_DATABASE_URL": admin]
      ).expectSuccess()
      let port = try FreePort()
      ports[name] = port.number
      var own = [
        "SERIAL_NODE_NAME": name, "SERIAL_NODE_REGION": String(name.prefix(2)),
        "SERIAL_API_PORT": String(port.number), "SERIAL_AUTH_HS256_SECRET": Self.secret,
        "SERIAL_DATABASE_URL": try postgres.uri(role: name, database: "serial").description,
        "SERIAL_DURABILITY": "single",
        "SERIAL_LEASE_MILLISECONDS": String(Self.leaseMilliseconds),
        "SERIAL_DATABASE_STATEMENT_MILLISECONDS": "1500",
        "SERIAL_DATABASE_LOCK_MILLISECONDS": "1000",
        "SERIAL_REQUEST_MILLISECONDS": "3000",
      ]
      own.merge(environment) { $1 }
      var configuration = NodeConfiguration(
        name: name, executable: Self.programs + "/seriald", port: port.number, environment: own,
        logFile: postgres.folder + "/\(name).log")
      configuration.endsWithUs = true
      nodes[name] = NodeProcess(configuration: configuration)
    }
    self.nodes = nodes
    self.ports = ports
    token = try await Self.mint(scopes: Set(Scope.allCases))
  }

  static func mint(
    scopes: Set<Scope>, secret: String = secret, audience: String = "seriald", age: Double = 0
  ) async throws -> String {
    try await TokenMinter(secret: TokenSecret(secret)).mint(
      subject: "end-to-end", scopes: scopes, audience: audience, lifetimeSeconds: 3_600,
      now: Date().addingTimeInterval(-age))
  }

  func node(_ name: String) throws -> NodeProcess { try #require(nodes[name]) }

  func url(_ name: String) -> String { "http://127.0.0.1:\(ports[name] ?? 0)" }

  /// What a superuser reads with SQL, a row a line.
  func sql(_ text: String) async throws -> String {
    try await postgres.sql(text, at: try postgres.uri(role: "postgres", database: "serial"))
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func ledger(_ kind: String = "job") async throws -> Ledger {
    let row = try await sql(
      "SELECT issued, leased, free, void FROM serial.ledger WHERE kind = '\(kind)'")
    let parts = row.split(separator: "|").compactMap { Int($0) }
    try #require(parts.count == 4, "\(row)")
    return Ledger(issued: parts[0], leased: parts[1], free: parts[2], void: parts[3])
  }

  struct Ledger: Equatable {
    let issued: Int
    let leased: Int
    let free: Int
    let void: Int

    var sum: Int { issued + leased + free + void }
  }
}

/// A run of a program, and how it ended.
struct ProgramRun: Sendable {
  let status: Int32
  let output: String
  let errors: String

  func expectSuccess(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(status == 0, "\(output)\(errors)", sourceLocation: sourceLocation)
  }
}

extension TestCluster {
  /// Runs a program of ours to its end, with this environment and no other.
  static func program(_ name: String, _ arguments: [String], _ environment: [String: String])
    async throws -> ProgramRun
  {
    try await ProgramRun.of(programs + "/" + name, arguments, environment)
  }
}

extension ProgramRun {
  /// Runs a program to its end, with this environment and no other.
  static func of(_ path: String, _ arguments: [String], _ environment: [String: String])
    async throws -> ProgramRun
  {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.environment = environment.merging(["PATH": "/usr/local/bin:/usr/bin:/bin"]) { own, _ in
      own
    }
    process.currentDirectoryURL = URL(filePath: "/")
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = FileHandle.nullDevice
    return try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        do {
          try process.run()
          let said = output.fileHandleForReading.readDataToEndOfFile()
          let complained = errors.fileHandleForReading.readDataToEndOfFile()
          process.waitUntilExit()
          continuation.resume(
            returning: ProgramRun(
              status: process.terminationStatus, output: String(decoding: said, as: UTF8.self),
              errors: String(decoding: complained, as: UTF8.self)))
        } catch {
          continuation.resume(throwing: error)
        }
      }
    }
  }
}
