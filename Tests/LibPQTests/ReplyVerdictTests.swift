import Testing

@testable import LibPQ

@Suite struct ReplyVerdictTests {
  @Test(arguments: ["23505", "55P03", "57014", "40001", "40P01", "22012", "XX000", "P0001"])
  func errorProvesTheRollback(_ state: String) {
    #expect(ReplyVerdict(severity: "ERROR", sqlState: state) == .rolledBack)
  }

  @Test(arguments: ["57P01", "57P02", "57P03", "08000", "08006", "08P01", "40003"])
  func statesOfALostConnectionProveNothing(_ state: String) {
    for severity in ["ERROR", "FATAL", "PANIC", nil] {
      #expect(ReplyVerdict(severity: severity, sqlState: state) == .unknown)
    }
  }

  @Test func whatIsNotAnErrorOfTheServerProvesNothing() {
    for severity in ["FATAL", "PANIC", "FEHLER", "error", "", nil] {
      #expect(ReplyVerdict(severity: severity, sqlState: "23505") == .unknown)
    }
    #expect(ReplyVerdict(severity: "ERROR", sqlState: nil) == .unknown)
    #expect(ReplyVerdict(severity: "ERROR", sqlState: "") == .unknown)
  }

  @Test func everyCodeHasItsOutcome() {
    let byOutcome = Dictionary(grouping: LibPQError.Code.allCases) {
      LibPQError($0, "").outcome
    }
    #expect(byOutcome[.rolledBack] == [.statementFailed])
    #expect(byOutcome[.unknown] == [.outcomeUnknown])
    #expect(byOutcome[.completed] == [.decodeFailed])
    #expect(byOutcome[.notSent]?.count == LibPQError.Code.allCases.count - 3)
  }

  @Test func connectFailuresAreToldApart() {
    func failure(_ text: String, _ verdict: Int? = 0) -> ConnectFailure {
      ConnectFailure(text: text, certificateVerdict: verdict)
    }
    let prefix = "connection to server at \"h\" (10.0.0.1), port 5432 failed: "
    let table: [(String, Int?, LibPQError.Code, String?)] = [
      ("FATAL:  28000: no pg_hba.conf entry for host", 0, .authenticationFailed, "28000"),
      ("VERHÄNGNISVOLL:  28P01: falsch", 0, .authenticationFailed, "28P01"),
      ("FATAL:  57P03: the database system is starting up", 0, .connectFailed, "57P03"),
      ("FATAL:  53300: sorry, too many clients already", 0, .connectFailed, "53300"),
      ("server does not support SSL, but SSL was required", nil, .tlsRefused, nil),
      ("SSL error: certificate verify failed", 10, .tlsRefused, nil),
      ("SSL error: certificate verify failed", 20, .tlsRefused, nil),
      ("SSL error: tlsv1 alert unknown ca", 0, .tlsRefused, nil),
      ("SSL error: tlsv1 alert protocol version", 0, .tlsRefused, nil),
      ("server certificate for \"a\" does not match host name \"b\"", 0, .tlsRefused, nil),
      ("Connection refused", nil, .connectFailed, nil),
      ("could not translate host name \"h\" to address", nil, .connectFailed, nil),
      ("server closed the connection unexpectedly", 0, .connectFailed, nil),
    ]
    for (text, verdict, code, state) in table {
      let found = failure(prefix + text, verdict)
      #expect(found.code == code, "\(text)")
      #expect(found.sqlState == state, "\(text)")
      #expect(found.hint != nil, "\(text)")
    }
    #expect(failure("", 10).hint != failure("", 20).hint)
  }
}
