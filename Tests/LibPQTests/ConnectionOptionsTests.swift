import Testing

@testable import LibPQ

@Suite struct ConnectionOptionsTests {
  static let tail = "&sslrootcert=/c/ca.crt&sslcert=/c/node.crt&sslkey=/c/node.key"
  static let good = "postgresql://node1@db.example:5433/serial?sslmode=verify-full" + tail

  private func refusal(_ text: String) -> LibPQError? {
    do throws(LibPQError) {
      _ = try ConnectionOptions(parsing: text)
      return nil
    } catch {
      return error
    }
  }

  @Test func readsBothForms() throws {
    let expected = [ConnectionOptions.Host(name: "db.example", port: 5_433)]
    let uri = try ConnectionOptions(parsing: Self.good)
    let pairs = try ConnectionOptions(
      parsing: """
        host=db.example port=5433 user=node1 dbname=serial sslmode=verify-full
        sslrootcert=/c/ca.crt sslcert=/c/node.crt sslkey=/c/node.key
        """)
    #expect(uri.hosts == expected)
    #expect(uri == pairs)
    #expect(uri.database == "serial")
    #expect(uri.user == "node1")
    #expect(uri.connectTimeoutMilliseconds == 5_000)
  }

  @Test func readsSeveralHosts() throws {
    let options = try ConnectionOptions(
      parsing: Self.good.replacing("db.example:5433", with: "a:1,b,[::1]:3"))
    #expect(options.hosts.map(\.description) == ["a:1", "b:5432", "::1:3"])
    let onePort = try ConnectionOptions(
      parsing: "host=a,b port=7 user=u sslmode=verify-full sslrootcert=/r sslcert=/c sslkey=/k")
    #expect(onePort.hosts.map(\.port) == [7, 7])
    #expect(onePort.database == "u")
  }

  /// What is written, what the refusal names, and what it says it expected.
  @Test(arguments: [
    ("sslmode=verify-full", "sslmode=require", "sslmode is 'require', expected verify-full"),
    ("sslmode=verify-full", "sslmode=verify-ca", "sslmode is 'verify-ca', expected verify-full"),
    ("sslmode=verify-full", "ssl=true", "sslmode is 'require', expected verify-full"),
    ("sslmode=verify-full&", "", "sslmode is missing, expected verify-full"),
    ("sslrootcert=/c/ca.crt&", "", "sslrootcert is missing"),
    ("sslrootcert=/c/ca.crt", "sslrootcert=system", "sslrootcert is 'system'"),
    ("sslcert=/c/node.crt&", "", "sslcert is missing"),
    ("&sslkey=/c/node.key", "", "sslkey is missing"),
    ("sslkey=/c/node.key", "sslkey=engine:key", "sslkey is 'engine:key'"),
    ("db.example:5433", "%2Fvar%2Frun", "host is '/var/run'"),
    ("db.example:5433", "a,%2Ftmp", "host is 'a,/tmp'"),
    ("db.example:5433", "%40abstract", "host is '@abstract'"),
    ("db.example:5433", "", "host is missing"),
    ("db.example:5433", "a,,b", "host is 'a,,b'"),
    ("db.example:5433", "%20%2Ftmp", "host is ' /tmp'"),
    ("db.example:5433", "db:0", "port is '0', expected 1...65535"),
    ("db.example:5433", "db:65536", "port is '65536'"),
    ("node1@", "", "user is missing"),
    ("&sslkey", "&service=prod&sslkey", "service is 'prod', expected this key to be absent"),
    ("&sslkey", "&options=-cfsync%3Doff&sslkey", "options is '-cfsync=off'"),
    ("&sslkey", "&requirepeer=root&sslkey", "requirepeer is 'root'"),
    ("&sslkey", "&krbsrvname=x&sslkey", "krbsrvname is 'x'"),
    ("&sslkey", "&replication=true&sslkey", "replication is 'true'"),
    ("&sslkey", "&hostaddr=10.0.0.1&sslkey", "hostaddr is '10.0.0.1'"),
    ("&sslkey", "&passfile=/x&sslkey", "passfile is '/x'"),
    ("&sslkey", "&gssencmode=prefer&sslkey", "gssencmode is 'prefer', expected disable"),
    ("&sslkey", "&ssl_min_protocol_version=TLSv1.2&sslkey", "expected TLSv1.3, or no such key"),
    ("&sslkey", "&ssl_max_protocol_version=TLSv1.2&sslkey", "ssl_max_protocol_version is"),
    ("&sslkey", "&sslcompression=1&sslkey", "sslcompression is '1'"),
    ("&sslkey", "&sslsni=0&sslkey", "sslsni is '0'"),
    ("&sslkey", "&target_session_attrs=any&sslkey", "target_session_attrs is 'any'"),
    ("&sslkey", "&target_session_attrs=prefer-standby&sslkey", "expected read-write or primary"),
    ("&sslkey", "&connect_timeout=0&sslkey", "connect_timeout is '0', expected 1...300 seconds"),
    ("&sslkey", "&tcp_user_timeout=0&sslkey", "tcp_user_timeout is '0'"),
    ("&sslkey", "&keepalives=0&sslkey", "keepalives is '0'"),
    ("&sslkey", "&client_encoding=LATIN1&sslkey", "client_encoding is 'LATIN1'"),
  ])
  func refusesWhatIsWeak(_ old: String, _ new: String, _ words: String) throws {
    let error = try #require(refusal(Self.good.replacing(old, with: new)))
    #expect(error.code == .invalidConnectionString)
    #expect(error.message.contains(words), "\(error.message)")
  }

  @Test func acceptsWhatIsAsStrict() throws {
    for more in [
      "&gssencmode=disable", "&ssl_min_protocol_version=TLSv1.3", "&target_session_attrs=primary",
      "&connect_timeout=3&tcp_user_timeout=4000&keepalives_idle=5", "&sslcrl=/c/crl",
      "&application_name=x",
    ] {
      #expect(refusal(Self.good + more) == nil)
    }
  }

  @Test func neverShowsASecret() throws {
    let secret = "hunter2"
    let text = Self.good.replacing("node1@", with: "node1:\(secret)@") + "&sslpassword=\(secret)"
    let options = try ConnectionOptions(parsing: text)
    var dumped = ""
    dump(options, to: &dumped)
    for shown in ["\(options)", String(reflecting: options), dumped, String(describing: options)] {
      #expect(!shown.contains(secret))
    }
    #expect(options.description == "node1@db.example:5433/serial")
    #expect(options.redacted("a \(secret) b") == "a [hidden] b")
    for broken in [
      text.replacing("verify-full", with: "disable"), text + "&sslmod=x", text + "&service=y",
      "postgresql://u:\(secret)@h:x y", "password='\(secret)", "password=a \(secret)=b host=c",
      "password=a \(secret) host=c", "password=\"\(secret)\" \"\(secret)\"=3", "\(secret)",
      "postgresql://u:%zz\(secret)@h/", "postgresql://u@[\(secret)/",
    ] {
      let error = try #require(refusal(broken))
      #expect(!error.debugDescription.contains(secret), "\(error.debugDescription)")
    }
  }

  @Test func emptyAndBrokenTextsAreRefused() {
    for text in ["", "a\0b", "postgresql://", "host=a", "nonsense", "mysql://u@h/d"] {
      #expect(refusal(text)?.code == .invalidConnectionString, "\(text)")
    }
  }

  /// Every key that a variable of the environment could fill is named, and not empty.
  @Test func leavesNothingToTheEnvironment() throws {
    let options = try ConnectionOptions(parsing: Self.good)
    let pairs = options.keywords(host: options.hosts[0], limits: .standard)
    let keys = Set(pairs.map(\.key))
    #expect(keys.count == pairs.count)
    #expect(pairs.allSatisfy { !$0.value.isEmpty })
    // `requirepeer` is for sockets; revocation lists and `hostaddr` have no neutral value: the
    // former only refuse more, the latter is refused by `checkEnvironment`.
    let fromEnvironment = [
      "host", "port", "user", "dbname", "passfile", "channel_binding", "connect_timeout",
      "client_encoding", "options", "application_name", "sslmode", "sslcompression", "sslcert",
      "sslkey", "sslrootcert", "sslsni", "ssl_min_protocol_version", "ssl_max_protocol_version",
      "gssencmode", "krbsrvname", "target_session_attrs",
    ]
    #expect(keys.isSuperset(of: fromEnvironment))
    let values = Dictionary(uniqueKeysWithValues: pairs.map { ($0.key, $0.value) })
    #expect(values["sslmode"] == "verify-full")
    #expect(values["ssl_min_protocol_version"] == "TLSv1.3")
    #expect(values["gssencmode"] == "disable")
    #expect(values["target_session_attrs"] == "read-write")
  }

  @Test(arguments: ["PGSERVICE", "PGHOSTADDR"])
  func refusesVariablesThatLeadElsewhere(_ name: String) throws {
    do {
      try ConnectionOptions.checkEnvironment { $0 == name ? "x" : nil }
      Issue.record("not refused")
    } catch {
      #expect(error.message.hasPrefix("environment: \(name) is 'x'"))
    }
    try ConnectionOptions.checkEnvironment { _ in nil }
    try ConnectionOptions.checkEnvironment { _ in "" }
  }
}
