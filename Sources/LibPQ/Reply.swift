internal import CLibPQ

/// One result as libpq gave it, copied.
enum Reply {
  case done(rows: ResultRows, affectedRows: Int, commandTag: String)
  case failed(ServerError)
  /// COPY, which nobody here speaks.
  case unusable(String)

  /// Copies and frees a result.
  init(consuming result: OpaquePointer) {
    defer { PQclear(result) }
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
      self = .done(
        rows: Self.rows(result),
        affectedRows: Int(String(cString: PQcmdTuples(result))) ?? 0,
        commandTag: String(cString: PQcmdStatus(result)))
    case PGRES_FATAL_ERROR, PGRES_BAD_RESPONSE:
      self = .failed(ServerError(result))
    case let status:
      self = .unusable(String(cString: PQresStatus(status)))
    }
  }

  private static func rows(_ result: OpaquePointer) -> ResultRows {
    let rowCount = Int(PQntuples(result))
    let columnCount = Int(PQnfields(result))
    var cells: [String?] = []
    cells.reserveCapacity(rowCount * columnCount)
    for row in 0..<CInt(rowCount) {
      for column in 0..<CInt(columnCount) {
        if PQgetisnull(result, row, column) == 1 {
          cells.append(nil)
        } else {
          cells.append(String(cString: PQgetvalue(result, row, column)))
        }
      }
    }
    let columns = (0..<CInt(columnCount)).map { String(cString: PQfname(result, $0)) }
    return ResultRows(columns: columns, cells: cells, count: rowCount)
  }
}

/// The fields of an error reply.
struct ServerError {
  let severity: String?
  let sqlState: String?
  let message: String
  let constraint: String?
  let hint: String?
  /// The function of the server that raised it, which tells a stale plan from other `0A000`.
  let sourceFunction: String?

  init(_ result: OpaquePointer) {
    severity = errorField(result, LIBPQ_FIELD_SEVERITY)
    let sqlState = errorField(result, LIBPQ_FIELD_SQLSTATE)
    self.sqlState = sqlState
    constraint = errorField(result, LIBPQ_FIELD_CONSTRAINT)
    hint = errorField(result, LIBPQ_FIELD_HINT)
    sourceFunction = errorField(result, LIBPQ_FIELD_FUNCTION)
    // The DETAIL of classes 22 and 23 quotes the row, which is nobody's business in a log.
    let carriesData = ["22", "23"].contains { sqlState?.hasPrefix($0) ?? false }
    let primary =
      errorField(result, LIBPQ_FIELD_MESSAGE) ?? String(cString: PQresultErrorMessage(result))
    let detail = carriesData ? nil : errorField(result, LIBPQ_FIELD_DETAIL)
    message = ([primary.trimmingLineEnd()] + (detail.map { [$0] } ?? [])).joined(separator: "; ")
  }

  var verdict: ReplyVerdict { ReplyVerdict(severity: severity, sqlState: sqlState) }

  /// The server has lost the statement, or has a plan of it that the schema has outgrown. Nothing
  /// of it is in effect, and preparing it again helps.
  var asksToPrepareAgain: Bool {
    sqlState == "26000" || (sqlState == "0A000" && sourceFunction == "RevalidateCachedQuery")
  }

  func error(_ code: LibPQError.Code, statement: String?) -> LibPQError {
    LibPQError(
      code, message, sqlState: sqlState, constraint: constraint, statement: statement, hint: hint)
  }
}
