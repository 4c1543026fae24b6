import FoundationEssentials
import Glibc

extension DevCluster {
  private func step(_ number: Int, _ text: String) {
    configuration.progress("[\(number)/8] \(text)")
  }

  /// Before anything is started: whether all of it can listen.
  func requirePorts(_ nodes: [NodeProcess]) async throws {
    let advice =
      "End that process, or choose other ports, for example:\n"
      + "  SERIAL_DEV_PG_PORT=7900 SERIAL_DEV_BASE_PORT=7901 make up"
    let data = DataLocation(serialFolder: layout.folder).existing
    if data.flatMap({ RunningServer(dataDirectory: $0) }) == nil {
      try PortHolder.requireFree(postgresPort, for: "PostgreSQL", advice: advice)
    }
    for node in nodes where await node.running == nil {
      try PortHolder.requireFree(
        node.configuration.port, for: "the node \(node.configuration.name)", advice: advice)
    }
  }

  /// Step 1: the authority, the server's certificate, one for the administrator and for each node.
  /// What ends within 30 days, or was made by an authority that is no more, is made anew.
  func makeCertificates() throws -> CertificateAuthority {
    step(1, "certificates in \(layout.certificates)")
    let soon = Date().addingTimeInterval(30 * 86_400)
    var authority = try CertificateAuthority.open(folder: layout.authority)
    if authority.end < soon { authority = try .create(folder: layout.authority) }
    if !authority.vouches(for: layout.server, commonName: "localhost", until: soon) {
      _ = try authority.issueServer(folder: layout.certificates)
    }
    for role in ["postgres"] + configuration.nodes.map(\.name)
    where !authority.vouches(for: layout.client(role), commonName: role, until: soon) {
      _ = try authority.issueClient(role: role, folder: layout.certificates)
    }
    return authority
  }

  /// Step 2: the server, and whether it had to be started.
  func startPostgres(
    authority: CertificateAuthority, account: Account
  ) async throws -> (PrivatePostgres, Bool) {
    let data = try await DataLocation(serialFolder: layout.folder).locate(account: account)
    let server = try await postgres(data)
    let runs = server.running != nil
    if runs {
      step(2, "PostgreSQL runs on 127.0.0.1:\(postgresPort)")
    } else {
      if !Folder.exists("\(data)/PG_VERSION") { step(2, "making a database in \(data)") }
      step(2, "starting PostgreSQL on 127.0.0.1:\(postgresPort)")
    }
    try await server.start()
    return (server, !runs)
  }

  func postgres(_ data: String) async throws -> PrivatePostgres {
    var settings = PostgresConfiguration(
      dataDirectory: data, logFile: layout.log("postgresql"), port: postgresPort,
      server: layout.server, clientAuthority: "\(layout.authority)/ca.crt")
    settings.endsWithUs = configuration.endsWithUs
    return try await PrivatePostgres(configuration: settings)
  }

  /// Step 3: the database `serial`.
  func createDatabase(_ server: PrivatePostgres) async throws {
    step(3, "the database serial")
    let maintenance = uri(role: "postgres", database: "postgres")
    let there = try await server.programs.sql(
      "SELECT 1 FROM pg_database WHERE datname = 'serial'", at: maintenance)
    if there.isEmpty {
      try await server.programs.sql("CREATE DATABASE serial", at: maintenance)
    }
  }

  /// Step 4: the schema.
  func migrate() async throws {
    step(4, "the schema (seriald migrate)")
    try await seriald(["migrate"])
  }

  /// Step 5: a role for each node.
  func enroll() async throws {
    let names = configuration.nodes.map(\.name).joined(separator: ", ")
    step(5, "enrolling \(names)")
    for node in configuration.nodes {
      try await seriald(["enroll", node.name, "--region", node.region])
    }
  }

  private func seriald(_ arguments: [String]) async throws {
    guard access(configuration.seriald, X_OK) == 0 else {
      throw LocalClusterError(
        .missingProgram, "There is no program \(configuration.seriald).",
        advice: "`make up` builds it, or: swift build -c release --product seriald")
    }
    let result = try await Command.run(
      configuration.seriald, arguments,
      environment: [
        "SERIAL_DATABASE_URL": uri(role: "postgres").description,
        "SERIAL_DURABILITY": "single", "SERIAL_LOG_LEVEL": configuration.logLevel,
      ], limit: .seconds(120))
    guard result.succeeded else {
      throw LocalClusterError(
        .commandFailed,
        "seriald \(arguments.joined(separator: " ")) failed (\(result.end)):\n"
          + result.output + result.errors)
    }
  }

  /// Step 6: the nodes that do not run. Gives their names.
  func start(_ nodes: [NodeProcess]) async throws -> [String] {
    try makeSecret()
    var started: [String] = []
    for node in nodes {
      let (name, port) = (node.configuration.name, node.configuration.port)
      let runs = await node.running != nil
      step(6, "\(runs ? "\(name) runs" : "starting \(name)") on 127.0.0.1:\(port)")
      try await node.start()
      if !runs { started.append(name) }
    }
    return started
  }

  /// Step 7: until each node says that it is ready.
  func waitUntilReady(_ nodes: [NodeProcess]) async throws {
    step(7, "waiting until the nodes are ready")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for node in nodes { group.addTask { try await node.waitUntilReady() } }
      try await group.waitForAll()
    }
  }

  /// The secret that signs tokens, made once. Its beginning tells nodes that it is a secret for one
  /// machine only, so that they refuse it beyond loopback.
  private func makeSecret() throws {
    if let secret = try LocalFile.readText(layout.secret), !secret.isEmpty { return }
    try LocalFile.write(
      (configuration.tokens.makeSecret() + "\n").utf8, to: layout.secret, mode: 0o600)
  }

  /// Step 8: a token, and the file to source. Gives the token.
  func writeEnvironment(_ nodes: [NodeProcess], dataDirectory: String) async throws -> String {
    step(8, "writing \(layout.environment)")
    let token = try await configuration.tokens.mint(try LocalFile.readText(layout.secret) ?? "")
    var pids: [String] = []
    for node in nodes {
      if let pid = await node.running?.pid { pids.append("\(node.configuration.name)=\(pid)") }
    }
    try EnvironmentFile([
      ("SERIAL_URLS", configuration.nodes.map(url).joined(separator: " ")),
      ("SERIAL_TOKEN", token),
      ("SERIAL_CA", "\(layout.authority)/ca.crt"),
      ("DATABASE_URL", uri(role: "postgres").description),
      ("SERIAL_NODE_PIDS", pids.joined(separator: " ")),
      ("SERIAL_PGDATA", dataDirectory),
    ]).write(to: layout.environment)
    return token
  }
}
