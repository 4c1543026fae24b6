import Glibc

/// A whole cluster on this machine, under a project's `.serial`: an authority, a private
/// PostgreSQL, nodes in two regions.
///
/// Each step looks first whether it is done already, so that `up` may be run again at any time and
/// starts what is no longer running.
public struct DevCluster: Sendable {
  /// What is started, and where.
  public let configuration: DevConfiguration
  let layout: DevLayout
  let postgresPort: UInt16
  let basePort: UInt16

  /// Describes a cluster; starts nothing.
  ///
  /// - Throws: `unreachableFolder` when there is no such folder; `conflict` when ports overlap.
  public init(configuration: DevConfiguration) throws {
    guard let project = Folder.resolve(configuration.projectFolder) else {
      throw LocalClusterError(
        .unreachableFolder, "There is no folder \(configuration.projectFolder).")
    }
    self.configuration = configuration
    layout = DevLayout(folder: "\(project)/.serial")
    let memory = DevMemory.read(layout.memory)
    postgresPort = configuration.postgresPort ?? memory?.postgresPort ?? 7800
    basePort = configuration.basePort ?? memory?.basePort ?? 7801
    let last = Int(basePort) + configuration.nodes.count - 1
    guard last <= Int(UInt16.max), !(Int(basePort)...last).contains(Int(postgresPort)) else {
      throw LocalClusterError(
        .conflict,
        "The nodes' ports \(basePort) to \(last) and PostgreSQL's port \(postgresPort) do not fit.",
        advice: "Set SERIAL_DEV_BASE_PORT and SERIAL_DEV_PG_PORT so that they do not overlap.")
    }
  }

  /// Starts what does not run yet, and waits until all of it is ready.
  public func up() async throws -> DevUpReport {
    try requireOwnFolder()
    let account = try await Account.forServer()
    try layout.make(passable: account != .current)
    let lock = try FolderLock(path: layout.lock)
    defer { withExtendedLifetime(lock) {} }
    var memory =
      DevMemory.read(layout.memory)
      ?? DevMemory(postgresPort: postgresPort, basePort: basePort, firstSerials: [:])
    let nodes = configuration.nodes.map(process)
    try await requirePorts(nodes)

    let authority = try makeCertificates()
    let (server, startedServer) = try await startPostgres(authority: authority, account: account)
    (memory.postgresPort, memory.basePort) = (postgresPort, basePort)
    try memory.write(to: layout.memory)
    try await createDatabase(server)
    try await migrate()
    try await enroll()
    var started = startedServer ? ["postgresql"] : []
    started += try await start(nodes)
    try await waitUntilReady(nodes)
    let token = try await writeEnvironment(nodes, dataDirectory: server.dataDirectory)
    try await issueFirstSerials(token: token, memory: &memory)
    return DevUpReport(
      status: try await status(), started: started, firstSerials: memory.firstSerials,
      environmentFile: layout.environment)
  }

  /// Stops what `up` started, and nothing else; the data stays.
  ///
  /// - Parameter erase: removes the data, the certificates and all else under `.serial` afterwards.
  public func down(erase: Bool = false) async throws -> DevDownReport {
    guard Folder.isFolder(layout.folder) else {
      return DevDownReport(
        nodes: Dictionary(uniqueKeysWithValues: configuration.nodes.map { ($0.name, .notRunning) }),
        postgresStopped: false, erased: erase)
    }
    try requireOwnFolder()
    let lock = try FolderLock(path: layout.lock)
    defer { withExtendedLifetime(lock) {} }
    let stopped = try await withThrowingTaskGroup(of: (String, NodeProcess.Stop).self) { group in
      for node in configuration.nodes {
        group.addTask { (node.name, try await process(node).stop()) }
      }
      return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
    let location = DataLocation(serialFolder: layout.folder)
    var postgresStopped = false
    if let data = location.existing, RunningServer(dataDirectory: data) != nil {
      postgresStopped = try await postgres(data).stop(.fast)
    }
    if erase {
      try location.erase()
      try Folder.removeAll(layout.folder)
    }
    return DevDownReport(nodes: stopped, postgresStopped: postgresStopped, erased: erase)
  }

  /// What runs now.
  public func status() async throws -> DevStatus {
    let data = DataLocation(serialFolder: layout.folder).existing
    let server = data.flatMap { RunningServer(dataDirectory: $0) }
    var reports: [DevNodeReport] = []
    for node in configuration.nodes {
      let process = process(node)
      let pid = await process.running?.pid
      let state: DevNodeReport.State =
        pid == nil ? .stopped : await process.isReady() ? .ready : .running
      reports.append(
        DevNodeReport(
          node: node.name, region: node.region, url: url(node), state: state, pid: pid))
    }
    return DevStatus(
      nodes: reports,
      postgres: DevPostgresReport(
        ready: server?.isReady ?? false, pid: server?.process.pid,
        port: server?.port ?? postgresPort, data: data))
  }

  /// Where a node's API is.
  func url(_ node: DevNode) -> String { "http://127.0.0.1:\(port(node))" }

  func port(_ node: DevNode) -> UInt16 {
    basePort + UInt16(configuration.nodes.firstIndex(of: node) ?? 0)
  }

  /// The administrator's connection, or a node's own.
  func uri(role: String, database: String = "serial") -> ConnectionURI {
    ConnectionURI(
      role: role, port: postgresPort, database: database, authority: "\(layout.authority)/ca.crt",
      client: layout.client(role))
  }

  /// The node's process, as it is started.
  func process(_ node: DevNode) -> NodeProcess {
    var settings = NodeConfiguration(
      name: node.name, executable: configuration.seriald, port: port(node),
      environment: [
        "SERIAL_NODE_NAME": node.name,
        "SERIAL_NODE_REGION": node.region,
        "SERIAL_API_HOST": "127.0.0.1",
        "SERIAL_API_PORT": String(port(node)),
        "SERIAL_AUTH_HS256_SECRET_FILE": layout.secret,
        "SERIAL_AUTH_AUDIENCE": "seriald",
        "SERIAL_DATABASE_URL": uri(role: node.name).description,
        "SERIAL_DURABILITY": "single",
        "SERIAL_LOG_LEVEL": configuration.logLevel,
      ],
      logFile: layout.log(node.name), recordFile: layout.record(node.name))
    settings.journalDirectory = layout.journal(node.name)
    settings.endsWithUs = configuration.endsWithUs
    return NodeProcess(configuration: settings)
  }

  /// A folder made by root and used by somebody else afterwards gives a dozen puzzling messages.
  private func requireOwnFolder() throws {
    guard Folder.exists(layout.folder) else { return }
    var status = stat()
    guard stat(layout.folder, &status) == 0, status.st_uid == geteuid() else {
      throw LocalClusterError(
        .unreachableFolder,
        "\(layout.folder) belongs to user id \(status.st_uid), and this runs as \(geteuid()).",
        advice: "Run it as that user; or, as that user, remove it with `make clean`.")
    }
  }
}
