import Foundation
import LocalCluster
import Testing

/// The programs as a person calls them.
@Suite(.serialized)
struct CommandTests {
  @Test(.timeLimit(.minutes(5)))
  func serialctlSpeaksToTheCluster() async throws {
    try await TestCluster.run { cluster in
      let environment = [
        "SERIAL_URLS": TestCluster.names.map(cluster.url).joined(separator: " "),
        "SERIAL_TOKEN": cluster.token,
      ]
      func control(_ arguments: String...) async throws -> ProgramRun {
        try await TestCluster.program("serialctl", arguments, environment)
      }
      let job = try await control("new", "job")
      job.expectSuccess()
      let serial = job.output.trimmingCharacters(in: .whitespacesAndNewlines)
      #expect(serial.wholeMatch(of: /J20\d{2}00001/) != nil)
      let targets = try await control("new", "target", "--count", "3", "--json")
      targets.expectSuccess()
      #expect(targets.output.contains("00003"))
      let shown = try await control("show", serial)
      shown.expectSuccess()
      #expect(shown.output.contains("issued") && shown.output.contains("end-to-end"))
      for command in ["capacity", "nodes", "leases"] {
        let text = try await control(command)
        text.expectSuccess()
        // a block that is used up goes back: there may be no lease at this moment
        #expect(text.output.split(separator: "\n").count >= (command == "leases" ? 1 : 3))
        let json = try await control(command, "--json")
        json.expectSuccess()
        #expect(throws: Never.self) {
          try JSONSerialization.jsonObject(with: Data(json.output.utf8))
        }
      }
      #expect(try await control("show", "J20260001").status == 1)
      #expect(try await control("validate", serial).status == 0)
      #expect(try await control("validate", serial, "X").status == 1)
      #expect(try await control("new", "job", "--count", "0").status == 64)
      let nobody = try await TestCluster.program(
        "serialctl", ["new", "job"],
        ["SERIAL_URLS": "http://127.0.0.1:1", "SERIAL_TOKEN": cluster.token])
      #expect(nobody.status == 2)
      let stranger = try await TestCluster.program(
        "serialctl", ["new", "job"], ["SERIAL_URLS": cluster.url("eu-1"), "SERIAL_TOKEN": "x"])
      #expect(stranger.status == 1)
      #expect(stranger.errors.contains("unauthenticated"))
      let token = try await TestCluster.program(
        "serialctl", ["token", "--subject", "ci", "--scope", "serials:allocate"],
        ["SERIAL_AUTH_HS256_SECRET": TestCluster.secret])
      token.expectSuccess()
      let minted = token.output.trimmingCharacters(in: .whitespacesAndNewlines)
      guard case .issued = await Client(url: cluster.url("us-1"), token: minted).draw() else {
        Issue.record("a token of serialctl is not accepted")
        return
      }
    }
  }

  /// Each is refused at the start, with a message that names what is wrong.
  @Test(
    .timeLimit(.minutes(2)),
    arguments: [
      ([:], "SERIAL_NODE_NAME is not set"),
      (["SERIAL_NODE_NAME": "EU 1"], "SERIAL_NODE_NAME is EU 1"),
      (["SERIAL_API_PORT": "70000"], "SERIAL_API_PORT is 70000"),
      (["SERIAL_API_PORT": "eighty"], "SERIAL_API_PORT is eighty"),
      (["SERIAL_API_TLS_KEY": "/tmp/key"], "SERIAL_API_TLS_CERTIFICATE and SERIAL_API_TLS_KEY"),
      (["SERIAL_API_HOST": "0.0.0.0"], "SERIAL_API_HOST is 0.0.0.0, which is not loopback"),
      (
        ["SERIAL_DATABASE_LOCK_MILLISECONDS": "5000"],
        "SERIAL_DATABASE_LOCK_MILLISECONDS (5000) must be below SERIAL_DATABASE_STATEMENT_MILLISECONDS"
      ),
      (
        ["SERIAL_REQUEST_MILLISECONDS": "20000"],
        "SERIAL_REQUEST_MILLISECONDS (20000) must not be above SERIAL_LEASE_MILLISECONDS"
      ),
      (["SERIAL_AUTH_JWKS_FILE": "/tmp/x"], "exactly one of SERIAL_AUTH_HS256_SECRET"),
      (["SERIAL_AUTH_HS256_SECRET": "short"], "at least 32"),
      (["SERIAL_DATABASE_URL": "postgresql://eu-1@localhost/serial"], "sslmode"),
      (
        [
          "SERIAL_DATABASE_URL":
            "postgresql://eu-1@%2Ftmp/serial?sslmode=verify-full&sslrootcert=/x&sslcert=/y&sslkey=/z"
        ], "host"
      ),
      (["SERIAL_DURABILITY": "maybe"], "SERIAL_DURABILITY is maybe"),
    ] as [([String: String], String)])
  func aWrongConfigurationIsRefusedByName(change: [String: String], message: String) async throws {
    var environment = [
      "SERIAL_NODE_NAME": "eu-1", "SERIAL_AUTH_HS256_SECRET": TestCluster.secret,
      "SERIAL_JOURNAL_DIRECTORY": "/nowhere/journal",
      "SERIAL_DATABASE_URL":
        "postgresql://eu-1@localhost:1/serial?sslmode=verify-full&sslrootcert=/x&sslcert=/y&sslkey=/z",
    ]
    environment.merge(change) { $1 }
    if change.isEmpty { environment["SERIAL_NODE_NAME"] = nil }
    let run = try await TestCluster.program("seriald", ["serve"], environment)
    #expect(run.status != 0)
    #expect((run.output + run.errors).contains(message), "\(run.output)\(run.errors)")
  }

  @Test func secretsAreNotTakenFromArguments() async throws {
    let run = try await TestCluster.program(
      "seriald", ["serve", "--auth-hs256-secret", "x"], [:])
    #expect(run.status != 0)
    #expect((run.output + run.errors).contains("SERIAL_AUTH_HS256_SECRET"))
    let unknown = try await TestCluster.program("seriald", ["serve", "--lease-size", "1"], [:])
    #expect((unknown.output + unknown.errors).contains("unknown option --lease-size"))
  }

  @Test func everyCommandHasHelp() async throws {
    for (program, commands) in [
      ("seriald", ["serve", "migrate", "enroll"]),
      (
        "serialctl",
        [
          "new", "show", "validate", "capacity", "nodes", "leases", "gaps", "events", "verify",
          "grants", "grants set", "recover", "drain", "retire", "void", "unvoid", "freeze",
          "unfreeze", "reserve", "quota", "quota set", "quota remove", "token", "dev", "dev up",
        ]
      ),
    ] {
      for command in commands {
        let words = command.split(separator: " ").map(String.init)
        let run = try await TestCluster.program(program, words + ["--help"], [:])
        run.expectSuccess()
        #expect(run.output.contains("USAGE: \(program) \(command)"), "\(run.output)\(run.errors)")
      }
    }
    // options before or after the keys
    let mixed = try await TestCluster.program(
      "seriald", ["serve", "--node-name", "eu-1", "--config", "/no/such/file"], [:])
    #expect((mixed.output + mixed.errors).contains("/no/such/file"))
  }

  @Test func aFileOfConfigurationIsReadAndChecked() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: "node.json")
    for (text, message) in [
      (#"{"node": {"nmae": "eu-1"}}"#, "unknown key node.nmae"),
      (#"{"api": {"port": true}}"#, "api.port in"),
      (#"{"api": {"port": 70000}}"#, "SERIAL_API_PORT is 70000"),
      (#"["node"]"#, "is not a JSON object"),
      (#"{"node": {"name": "eu-1"}, "durability": "maybe"}"#, "SERIAL_DURABILITY is maybe"),
    ] {
      try text.write(to: file, atomically: true, encoding: .utf8)
      let run = try await TestCluster.program(
        "seriald", ["serve", "--config", file.path(percentEncoded: false)],
        ["SERIAL_AUTH_HS256_SECRET": TestCluster.secret])
      #expect(run.status != 0)
      #expect((run.output + run.errors).contains(message), "\(run.output)\(run.errors)")
    }
  }
}
