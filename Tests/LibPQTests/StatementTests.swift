import Foundation
import LibPQ
import Testing

extension ServerTests {
  @Suite struct StatementTests {
    static let nasty = [
      "", " ", "NULL", "null", "\"", "\\", "\\\"", "{", "}", "{}", ",", "a,b", "'", "''", "\n\t\r",
      "e\u{301}", "\"\u{301}", "\\\u{200d}", "日本語 🦀", " lead and trail ", "$1", "--", ";",
    ]

    @Test func valuesComeBackAsTheyWent() async throws {
      try await withTestConnection { connection in
        let identifier = UUID()
        let row = try await connection.execute(
          Statement(
            """
            SELECT $1::text AS nothing, $2::text AS text, $3::int8 AS int, $4::bool AS yes,
              $5::uuid AS uuid, $6::int8 AS low, 1.5::float8 AS double
            """, 6),
          [
            .null, .text("it's \"1\" \\ 日本"), .int(.max), .bool(true), .uuid(identifier),
            .int(.min),
          ]
        ).singleRow()
        #expect(try row.decode("nothing", as: String?.self) == nil)
        #expect(try row.decode("text") == "it's \"1\" \\ 日本")
        #expect(try row.decode("int") == Int.max)
        #expect(try row.decode("low") == Int64.min)
        #expect(try row.decode("yes") == true)
        #expect(try row.decode("uuid") == identifier)
        #expect(try row.decode("double") == 1.5)
      }
    }

    @Test func arraysComeBackAsTheyWent() async throws {
      try await withTestConnection { connection in
        let texts: [String?] = Self.nasty + [nil] + Self.nasty.reversed().map { $0 + $0 }
        let identifiers: [UUID?] = [UUID(), nil, UUID()]
        let row = try await connection.execute(
          Statement(
            """
            SELECT $1::text[] AS texts, $2::int8[] AS ints, $3::uuid[] AS uuids,
              $4::bool[] AS bools, $5::text[] AS none, cardinality($1::text[]) AS count,
              array_position($1::text[], NULL) AS null_at, cardinality($5::text[]) AS zero
            """, 5),
          [
            .textArray(texts), .intArray([.min, nil, 0, .max]), .uuidArray(identifiers),
            .boolArray([true, nil, false]), .textArray([]),
          ]
        ).singleRow()
        #expect(try row.decode("texts") == texts)
        #expect(try row.decode("ints") == [Int.min, nil, 0, Int.max])
        #expect(try row.decode("uuids") == identifiers)
        #expect(try row.decode("bools") == [true, nil, false])
        #expect(try row.decode("none") == [String]())
        #expect(try row.decode("count") == texts.count)
        #expect(try row.decode("null_at") == Self.nasty.count + 1)
        #expect(try row.decode("zero") == 0)
      }
    }

    /// Every text of up to four of the characters that mean something in an array.
    @Test func everyShortArrayTextSurvives() async throws {
      let alphabet = ["\"", "\\", ",", "{", "}", " ", "N", "'"]
      var texts = [""]
      var longest = [""]
      for _ in 0..<4 {
        longest = longest.flatMap { text in alphabet.map { text + $0 } }
        texts += longest
      }
      let all = texts
      try await withTestConnection { connection in
        let row = try await connection.execute(
          Statement(
            "SELECT $1::text[] AS texts, array_to_string($1::text[], chr(1)) AS joined", 1),
          [.textArray(all)]
        ).singleRow()
        #expect(try row.decode("texts", as: [String].self) == all)
        #expect(try row.decode("joined") == all.joined(separator: "\u{1}"))
      }
    }

    @Test func timestampsAreExact() async throws {
      try await withTestConnection { connection in
        let rows = try await connection.execute(
          Statement(
            """
            SELECT t, (extract(epoch FROM t) * 1000000)::int8 AS micro
            FROM (SELECT timestamptz '1600-02-28 23:59:59.999999+00'
              + make_interval(days => n * 97, secs => n * 1.000001) AS t
              FROM generate_series(0, 2500) n) AS times
            """)
        ).rows
        #expect(rows.count == 2_501)
        for row in rows {
          #expect(
            try row.decode("t", as: UTCMicroseconds.self).sinceEpoch == row.decode("micro"))
        }
      }
    }

    @Test func nulByteIsRefusedBeforeSending() async throws {
      try await withTestConnection { connection in
        for parameter: Parameter in [.text("a\0b"), .textArray(["ok", "a\0b"])] {
          let error = try await libpqError {
            _ = try await connection.execute(Statement("SELECT $1::text", 1), [parameter])
          }
          #expect(error.code == .invalidParameter)
          #expect(error.message.hasPrefix("$1:"))
          #expect(error.outcome == .notSent)
        }
        let script = try await libpqError { try await connection.simpleScript("SELECT '\0'") }
        #expect(script.code == .invalidParameter)
        #expect(!connection.isClosed)
      }
    }

    @Test func wrongNumberOfParametersIsRefused() async throws {
      try await withTestConnection { connection in
        let error = try await libpqError {
          _ = try await connection.execute(Statement("SELECT $1::int8, $2::int8", 2), [.int(1)])
        }
        #expect(error.code == .invalidParameter)
        #expect(error.message == "the statement takes 2 parameters, got 1")
      }
    }

    @Test func serverErrorsAreKnownFailures() async throws {
      try await withTestConnection { connection in
        try await connection.simpleScript(
          "CREATE TEMP TABLE t (n int8 CONSTRAINT one_of_each UNIQUE); INSERT INTO t VALUES (7)")
        for (sql, state) in [
          ("SELECT 1/0", "22012"), ("SELEC", "42601"), ("SELECT * FROM nowhere", "42P01"),
          ("INSERT INTO t VALUES (7)", "23505"), ("SELECT 'x'::int8", "22P02"),
        ] {
          let error = try await libpqError { _ = try await connection.execute(Statement(sql)) }
          #expect(error.code == .statementFailed)
          #expect(error.outcome == .rolledBack)
          #expect(error.sqlState == state)
          #expect(error.constraint == (state == "23505" ? "one_of_each" : nil))
          #expect(!error.debugDescription.contains("(7)"), "a row's value was shown")
          #expect(error.description == "LibPQError(statementFailed, \(state))")
        }
        #expect(!connection.isClosed)
      }
    }

    /// The command's own "done" comes first here, and the error when the transaction commits.
    @Test func errorAtImplicitCommitIsNotTakenForSuccess() async throws {
      try await withTestConnection { connection in
        try await connection.simpleScript(
          """
          CREATE TEMP TABLE t (n int8 UNIQUE DEFERRABLE INITIALLY DEFERRED);
          INSERT INTO t VALUES (1)
          """)
        let error = try await libpqError {
          _ = try await connection.execute(Statement("INSERT INTO t VALUES (1)"))
        }
        #expect(error.code == .statementFailed)
        #expect(error.sqlState == "23505")
      }
    }

    @Test func affectedRowsAndTags() async throws {
      try await withTestConnection { connection in
        try await connection.simpleScript("CREATE TEMP TABLE t (n int8)")
        let insert = try await connection.execute(
          Statement("INSERT INTO t SELECT unnest($1::int8[])", 1), [.intArray([1, 2, 3])])
        #expect(insert.affectedRows == 3)
        #expect(insert.commandTag == "INSERT 0 3")
        #expect(insert.rows.isEmpty)
        let update = try await connection.execute(
          Statement("UPDATE t SET n = n + 1 WHERE n > 1 RETURNING n"))
        #expect(update.affectedRows == 2)
        #expect(try update.rows.map { try $0.decode("n", as: Int.self) } == [3, 4])
      }
    }

    @Test func decodeErrorsNameColumnAndValue() async throws {
      try await withTestConnection { connection in
        let result = try await connection.execute(
          Statement("SELECT 'seven' AS n, NULL::int8 AS m FROM generate_series(1, 2)"))
        let row = result.rows[0]
        let wrong = try await libpqError { _ = try row.decode("n", as: Int.self) }
        #expect(wrong.code == .decodeFailed)
        #expect(wrong.message == "column 'n' is 'seven', expected Int")
        let null = try await libpqError { _ = try row.decode("m", as: Int.self) }
        #expect(null.message == "column 'm' is NULL, expected Int")
        let missing = try await libpqError { _ = try row.decode("o", as: Int.self) }
        #expect(missing.message == "no column 'o'; there are: n, m")
        let two = try await libpqError { _ = try result.singleRow() }
        #expect(two.outcome == .completed)
      }
    }

    @Test func noticesBelongToTheirStatement() async throws {
      try await withTestConnection { connection in
        let result = try await connection.simpleScript(
          "DO $$ BEGIN RAISE WARNING 'look out'; RAISE NOTICE 'not shown'; END $$")
        #expect(
          result.notices == [Notice(severity: "WARNING", sqlState: "01000", message: "look out")])
        #expect(result.warnings == result.notices)
        let next = try await connection.execute(Statement("SELECT 1"))
        #expect(next.notices.isEmpty)
        // A COMMIT outside a transaction: done, with a warning.
        let commit = try await connection.execute(Statement("COMMIT"))
        #expect(commit.warnings.map(\.sqlState) == ["25P01"])
      }
    }

    @Test func statementsArePreparedOnce() async throws {
      try await withTestConnection { connection in
        let statement = Statement(name: "once", sql: "SELECT $1::int8 AS n", parameterCount: 1)
        for number in 0..<10 {
          let row = try await connection.execute(statement, [.int(number)]).singleRow()
          #expect(try row.decode("n") == number)
        }
        let known = try await connection.simpleScript("SELECT name FROM pg_prepared_statements")
        #expect(try known.rows.map { try $0.decode("name", as: String.self) } == ["once_1"])
      }
    }

    @Test func lostPreparedStatementIsPreparedAgain() async throws {
      try await withTestConnection { connection in
        let statement = Statement("SELECT 7 AS n")
        _ = try await connection.execute(statement)
        try await connection.simpleScript("DEALLOCATE ALL")
        let row = try await connection.execute(statement).singleRow()
        #expect(try row.decode("n") == 7)
        // Within a transaction the error has cost the transaction: told, and then healed.
        try await connection.simpleScript("DEALLOCATE ALL; BEGIN")
        let error = try await libpqError { _ = try await connection.execute(statement) }
        #expect(error.sqlState == "26000")
        #expect(error.outcome == .rolledBack)
        try await connection.simpleScript("ROLLBACK")
        _ = try await connection.execute(statement)
      }
    }

    @Test func stalePlanIsPreparedAgain() async throws {
      try await withTestConnection { connection in
        try await connection.simpleScript(
          "CREATE TEMP TABLE t (a int8); INSERT INTO t VALUES (1)")
        let statement = Statement("SELECT * FROM t")
        #expect(try await connection.execute(statement).rows.columns == ["a"])
        try await connection.simpleScript("ALTER TABLE t ADD COLUMN b text DEFAULT 'x'")
        #expect(try await connection.execute(statement).rows.columns == ["a", "b"])
        let known = try await connection.simpleScript("SELECT 1 FROM pg_prepared_statements")
        #expect(known.rows.count == 1)
      }
    }

    @Test func copyIsNotSpoken() async throws {
      try await withTestConnection { connection in
        let error = try await libpqError {
          try await connection.simpleScript("COPY (SELECT 1) TO STDOUT")
        }
        #expect(error.code == .outcomeUnknown)
        #expect(connection.isClosed)
      }
    }

    @Test func transactionCommitsRollsBackAndTellsWarnings() async throws {
      try await withTestConnection { connection in
        try await connection.simpleScript("CREATE TEMP TABLE t (n int8)")
        let value = try await connection.transaction { connection in
          try connection.simpleScript("INSERT INTO t VALUES (1)")
          return "done"
        }
        #expect(value == "done")
        let failed = try await libpqError {
          try await connection.transaction { connection in
            try connection.simpleScript("INSERT INTO t VALUES (2)")
            try connection.simpleScript("SELECT 1/0")
          }
        }
        #expect(failed.sqlState == "22012")
        // A body that hides the error: COMMIT is answered with ROLLBACK.
        let hidden = try await libpqError {
          try await connection.transaction { connection in
            try connection.simpleScript("INSERT INTO t VALUES (3)")
            do { try connection.simpleScript("SELECT 1/0") } catch {}
          }
        }
        #expect(hidden.code == .statementFailed)
        #expect(hidden.message == "COMMIT was answered with ROLLBACK")
        let warned = try await libpqError {
          try await connection.transaction { connection in
            _ = try connection.simpleScript(
              """
              CREATE FUNCTION pg_temp.warn() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN RAISE WARNING 'at commit'; RETURN NULL; END $$;
              CREATE CONSTRAINT TRIGGER warn AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION pg_temp.warn();
              INSERT INTO t VALUES (4)
              """)
          }
        }
        #expect(warned.code == .outcomeUnknown)
        let rows = try await connection.simpleScript("SELECT n FROM t ORDER BY n").rows
        #expect(try rows.map { try $0.decode("n", as: Int.self) } == [1, 4])
      }
    }
  }
}
