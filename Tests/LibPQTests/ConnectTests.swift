import Foundation
import LibPQ
import Logging
import Testing

extension ServerTests {
  @Suite struct ConnectTests {
    private func failure(_ options: ConnectionOptions) async throws -> LibPQError {
      try await libpqError {
        let connection = try await Connection.connect(options, logger: testLogger)
        await connection.close()
      }
    }

    @Test func connectsWithTLS13AndTellsItsFacts() async throws {
      try await withTestConnection { connection in
        let facts = try await connection.tlsFacts
        #expect(facts.protocolVersion == "TLSv1.3")
        #expect(facts.cipher.hasPrefix("TLS_"))
        #expect(facts.peerSubject == "CN=postgres")
        #expect(facts.peerIssuer == "CN=LibPQ test authority")
        let days = facts.peerNotAfter.timeIntervalSinceNow / 86_400
        #expect((1.5...2.1).contains(days))
        #expect(facts.clientNotAfter != nil)
        let row = try await connection.execute(
          Statement("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        ).singleRow()
        #expect(try row.decode("ssl", as: Bool.self))
        #expect(try row.decode("version", as: String.self) == "TLSv1.3")
      }
    }

    /// The whole process runs under `hostileEnvironment`.
    @Test func environmentCannotWeakenOrMisleadAConnection() async throws {
      #expect(ProcessInfo.processInfo.environment["PGSSLMODE"] == "disable")
      try await withTestConnection { connection in
        let row = try await connection.execute(
          Statement(
            """
            SELECT session_user, current_database(), current_setting('application_name') AS app,
              current_setting('client_min_messages') AS messages,
              current_setting('client_encoding') AS encoding,
              current_setting('statement_timeout') AS timeout,
              current_setting('default_transaction_isolation') AS isolation,
              current_setting('timezone') AS zone, now() AS now
            """)
        ).singleRow()
        #expect(try row.decode("session_user") == "node1")
        #expect(try row.decode("current_database") == "postgres")
        #expect(try row.decode("app") == "seriald")
        #expect(try row.decode("messages") == "warning")
        #expect(try row.decode("encoding") == "UTF8")
        #expect(try row.decode("timeout") == "5s")
        #expect(try row.decode("isolation") == "read committed")
        #expect(try row.decode("zone") == "UTC")
        #expect(abs(try row.decode("now", as: Date.self).timeIntervalSinceNow) < 60)
      }
    }

    @Test func refusesServerOfAnotherAuthority() async throws {
      let server = try TestCluster.get().makeServer(.init(certificate: .otherAuthority))
      defer { server.stop() }
      let error = try await failure(server.options())
      #expect(error.code == .tlsRefused)
      #expect(error.hint?.contains("authority") == true, "\(error.debugDescription)")
    }

    @Test func refusesServerWithAnotherName() async throws {
      let server = try TestCluster.get().makeServer(.init(certificate: .wrongName))
      defer { server.stop() }
      let error = try await failure(server.options())
      #expect(error.code == .tlsRefused)
      #expect(error.hint == "the server's certificate is for another host name")
    }

    @Test func refusesServerWithExpiredCertificate() async throws {
      let server = try TestCluster.get().makeServer(.init(certificate: .expired))
      defer { server.stop() }
      let error = try await failure(server.options())
      #expect(error.code == .tlsRefused)
      #expect(error.hint?.contains("expired") == true, "\(error.debugDescription)")
    }

    @Test func refusesServerWithoutTLS() async throws {
      let server = try TestCluster.get().makeServer(.init(isTLS: false))
      defer { server.stop() }
      let error = try await failure(server.options())
      #expect(error.code == .tlsRefused)
      #expect(error.hint == "the server does not do TLS: set ssl = on there")
    }

    @Test func clientOfAnotherAuthorityIsRefused() async throws {
      let error = try await failure(TestCluster.get().server.options(client: .otherAuthority))
      #expect(error.code == .tlsRefused, "\(error.debugDescription)")
      #expect(error.hint?.contains("does not know the authority") == true)
    }

    @Test func expiredClientCertificateIsRefused() async throws {
      let error = try await failure(TestCluster.get().server.options(client: .expired))
      #expect(error.code == .tlsRefused, "\(error.debugDescription)")
      #expect(error.hint == "the client's certificate has expired")
    }

    @Test func certificateOfAnotherRoleIsRefused() async throws {
      let error = try await failure(TestCluster.get().server.options(client: .otherRole))
      #expect(error.code == .authenticationFailed)
      #expect(error.sqlState == "28000")
      #expect(error.hint?.contains("not the role's name") == true, "\(error.debugDescription)")
    }

    @Test func missingClientCertificateIsNamed() async throws {
      let server = try TestCluster.get().server
      let text = server.text().replacing("client-right.crt", with: "nowhere.crt")
      let error = try await failure(ConnectionOptions(parsing: text))
      #expect(error.code == .invalidConnectionString)
      #expect(error.message.contains("sslcert"))
      #expect(error.message.contains("nowhere.crt"))
    }

    @Test func unknownDatabaseIsConnectFailed() async throws {
      let text = try TestCluster.get().server.text().replacing("/postgres?", with: "/nowhere?")
      let error = try await failure(ConnectionOptions(parsing: text))
      #expect(error.code == .connectFailed)
      #expect(error.sqlState == "3D000")
    }

    @Test func closedPortIsConnectFailed() async throws {
      let cluster = try TestCluster.get()
      let port = try TestServer.freePort()
      let text = cluster.server.text().replacing(":\(cluster.server.port)/", with: ":\(port)/")
      let error = try await failure(ConnectionOptions(parsing: text))
      #expect(error.code == .connectFailed)
      #expect(error.hint == "nothing listens there")
    }

    @Test func silentHostIsGivenUpAndTheNextOneTried() async throws {
      let cluster = try TestCluster.get()
      let hole = try BlackHole()
      defer { hole.stop() }
      let port = cluster.server.port
      let text = cluster.server.text(more: "&connect_timeout=1").replacing(
        "localhost:\(port)", with: "localhost:\(hole.port),127.0.0.1:\(port)")
      let begin = ContinuousClock.now
      let connection = try await Connection.connect(
        ConnectionOptions(parsing: text), logger: testLogger)
      let took = begin.duration(to: .now)
      #expect(took > .seconds(1) && took < .seconds(4))
      #expect(connection.host == ConnectionOptions.Host(name: "127.0.0.1", port: port))
      await connection.close()
    }

    @Test func silentHostAloneIsConnectFailed() async throws {
      let cluster = try TestCluster.get()
      let hole = try BlackHole()
      defer { hole.stop() }
      let text = cluster.server.text(more: "&connect_timeout=1").replacing(
        ":\(cluster.server.port)/", with: ":\(hole.port)/")
      let error = try await failure(ConnectionOptions(parsing: text))
      #expect(error.code == .connectFailed)
      #expect(error.message.contains("did not answer in time"))
    }

    @Test func cancellationEndsAnAttempt() async throws {
      let cluster = try TestCluster.get()
      let hole = try BlackHole()
      defer { hole.stop() }
      let text = cluster.server.text(more: "&connect_timeout=100").replacing(
        ":\(cluster.server.port)/", with: ":\(hole.port)/")
      let options = try ConnectionOptions(parsing: text)
      let task = Task { try await Connection.connect(options, logger: testLogger) }
      task.cancel()
      let error = try await libpqError { _ = try await task.value }
      #expect(error.code == .cancelled)
    }
  }
}
