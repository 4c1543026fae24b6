import FoundationEssentials
import Glibc
import Testing

@testable import LocalCluster

/// `dev up` and its companions, with a stand-in for `seriald`, in a folder that no other account can
/// enter and whose name has a space and a quote in it.
@Suite struct DevClusterTests {
  let scratch: Scratch
  let ports: [FreePort]
  let stand = String(#filePath.dropLast("DevClusterTests.swift".count)) + "fake-seriald"

  init() throws {
    scratch = try Scratch(mode: 0o700)
    // Neighbours for the nodes, and one for PostgreSQL.
    ports = try Self.neighbours(3) + [FreePort()]
  }

  private func configuration(progress: @escaping @Sendable (String) -> Void = { _ in })
    -> DevConfiguration
  {
    var configuration = DevConfiguration(
      projectFolder: scratch.path, seriald: stand,
      tokens: DevTokens(
        makeSecret: { "a secret of the tests" }, mint: { "token.of.\($0.utf8.count)" }),
      progress: progress)
    configuration.basePort = ports[0].number
    configuration.postgresPort = ports[3].number
    configuration.endsWithUs = true
    return configuration
  }

  private static func neighbours(_ count: Int) throws -> [FreePort] {
    while true {
      let first = try FreePort()
      let rest = try (1..<count).map { try FreePort(number: first.number + UInt16($0)) }
      if rest.allSatisfy({ $0 != nil }) { return [first] + rest.compactMap { $0 } }
    }
  }

  @Test func aLifeOfACluster() async throws {
    let cluster = try DevCluster(configuration: configuration())
    #expect(try await !cluster.status().isComplete)
    let first = try await cluster.up()
    #expect(first.started == ["postgresql", "eu-1", "eu-2", "us-1"])
    #expect(first.status.isComplete)
    #expect(first.firstSerials.values.flatMap { $0 }.count == 6)
    for name in ["env", "secret"] { #expect(mode(of: "\(scratch.path)/.serial/\(name)") == 0o600) }

    // A shell that sources the file reaches the database with it.
    let data = try await output(
      "bash", "-c",
      #"set -eu; . "$0"; psql -XAt "$DATABASE_URL" -c 'select current_user, current_database()';"#
        + #" echo "$SERIAL_NODE_PIDS"; test -r "$SERIAL_CA"; echo "$SERIAL_PGDATA""#,
      first.environmentFile)
    let pids = first.status.nodes.compactMap { node in node.pid.map { "\(node.node)=\($0)" } }
    let pgdata = try #require(first.status.postgres.data)
    #expect(data == "postgres|serial\n\(pids.joined(separator: " "))\n\(pgdata)\n")

    // Again: nothing new, neither processes nor serials. Ports are remembered.
    var again = configuration()
    (again.basePort, again.postgresPort) = (nil, nil)
    let second = try await DevCluster(configuration: again).up()
    #expect(second.started == [])
    #expect(second.status == first.status)
    #expect(second.firstSerials == first.firstSerials)

    // What is missing comes back, and nothing else is touched.
    let pid = try #require(first.status.nodes[1].pid)
    kill(pid, SIGKILL)
    _ = await Poll.until(atMost: .seconds(10)) { ProcessIdentity(pid: pid) == nil }
    #expect(try await cluster.status().nodes.map(\.state) == [.ready, .stopped, .ready])
    let third = try await cluster.up()
    #expect(third.started == ["eu-2"])
    #expect(third.status.postgres == first.status.postgres)
    #expect(third.status.nodes[0] == first.status.nodes[0])

    let down = try await cluster.down()
    #expect(down.nodes == ["eu-1": .stopped, "eu-2": .stopped, "us-1": .stopped])
    #expect(down.postgresStopped)
    #expect(Folder.exists("\(pgdata)/PG_VERSION"), "the data stays")
    let nothing = try await cluster.down(erase: true)
    #expect(!nothing.postgresStopped)
    #expect(!Folder.exists(pgdata))
    #expect(!Folder.exists("\(scratch.path)/.serial"))
  }

  @Test(.enabled(if: geteuid() == 0, "only root has another account to run PostgreSQL as"))
  func dataLiesWhereTheServersAccountCanGo() async throws {
    let account = try await Account.forServer()
    let folder = "\(scratch.path)/.serial"
    try Folder.make(folder, mode: 0o711)
    #expect(await !account.canEnter(folder))
    let location = DataLocation(serialFolder: folder)
    let data = try await location.locate(account: account)
    #expect(!data.hasPrefix(scratch.path))
    #expect(await account.canEnter(Folder.parent(of: data)))
    #expect(location.existing == data)
    #expect(try await location.locate(account: account) == data)

    // A copy of the project must not share the original's data.
    let copy = try Scratch()
    let copied = "\(copy.path)/.serial"
    try Folder.make(copied, mode: 0o711)
    symlink(data, "\(copied)/pgdata")
    let refused = await failure {
      _ = try await DataLocation(serialFolder: copied).locate(account: account)
    }
    #expect(refused?.code == .conflict)
    try location.erase()
    #expect(!Folder.exists(Folder.parent(of: data)))

    // A folder that can be entered keeps its data.
    chmod(scratch.path, 0o711)
    #expect(try await location.locate(account: account) == "\(folder)/pgdata")
  }

  @Test func aPortThatIsTakenIsNamedWithItsHolder() async throws {
    let listener = try listen(on: ports[1].number)
    defer { close(listener) }
    let refused = await failure {
      _ = try await DevCluster(configuration: configuration()).up()
    }
    #expect(refused?.code == .portTaken)
    #expect(refused?.message.contains("Port \(ports[1].number)") == true)
    #expect(refused?.message.contains("process \(getpid()) ") == true)
    #expect(refused?.advice.contains("SERIAL_DEV_BASE_PORT") == true)
    #expect(!Folder.exists("\(scratch.path)/.serial/pgdata"), "nothing was started")
  }

  @Test func oneCommandAtATime() async throws {
    let folder = "\(scratch.path)/.serial"
    try Folder.make(folder, mode: 0o711)
    var lock: FolderLock? = try FolderLock(path: "\(folder)/lock")
    let cluster = try DevCluster(configuration: configuration())
    for command in [{ _ = try await cluster.up() }, { _ = try await cluster.down() }] {
      let refused = await failure(command)
      #expect(refused?.code == .locked)
      #expect(refused?.message.contains("process \(getpid())") == true)
    }
    withExtendedLifetime(lock) {}
    lock = nil
    _ = try await cluster.down(erase: true)
  }

  @Test func aMissingProgramIsSaid() async throws {
    var wrong = configuration()
    wrong.seriald = "\(scratch.path)/seriald"
    let missing = wrong
    let refused = await failure { _ = try await DevCluster(configuration: missing).up() }
    #expect(refused?.code == .missingProgram)
    #expect(refused?.advice.contains("make up") == true)
    _ = try await DevCluster(configuration: configuration()).down(erase: true)
  }

  @Test func portsThatDoNotFitAreRefused() throws {
    var overlapping = configuration()
    (overlapping.basePort, overlapping.postgresPort) = (7800, 7802)
    #expect(throws: LocalClusterError.self) { try DevCluster(configuration: overlapping) }
    #expect(throws: LocalClusterError.self) {
      try overlapping.read(environment: ["SERIAL_DEV_PG_PORT": "80"])
    }
    try overlapping.read(environment: ["SERIAL_DEV_PG_PORT": "7900"])
    #expect(overlapping.postgresPort == 7900)
  }

  private func listen(on port: UInt16) throws -> Int32 {
    let endpoint = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    let bound = Loopback.withAddress(port: port) { bind(endpoint, $0, $1) }
    guard bound == 0, Glibc.listen(endpoint, 1) == 0 else {
      throw LocalClusterError.system("listen on", String(port))
    }
    return endpoint
  }
}
