/// What an error reply proves about the statement that it answers.
///
/// Severity ERROR is raised inside a transaction and ends it: the statement was rolled back.
/// After the commit record is written PostgreSQL raises nothing but warnings and PANIC, so that an
/// ERROR never comes from a statement that is durable. Everything else proves nothing:
///
/// - FATAL and PANIC end the session at any moment. A commit that waits for its synchronous
///   standby is already in the log when `57P01` (administrator) ends it.
/// - `57P02` (crash) and `57P03` (starting up) are the same story.
/// - Class `08` and `40003` say that the connection, or the knowledge of the outcome, was lost.
/// - A reply without severity was made up by libpq, when it lost the server.
///
/// A procedure that commits on its own (CALL, or DO with COMMIT) is not covered: an ERROR there
/// proves only that what came after its last COMMIT was rolled back. So is a script of several
/// statements with its own COMMIT.
enum ReplyVerdict: Equatable {
  case rolledBack
  case unknown

  init(severity: String?, sqlState: String?) {
    guard severity == "ERROR", let sqlState, sqlState.count == 5 else {
      self = .unknown
      return
    }
    switch sqlState {
    case "57P01", "57P02", "57P03", "40003": self = .unknown
    default: self = sqlState.hasPrefix("08") ? .unknown : .rolledBack
    }
  }
}
