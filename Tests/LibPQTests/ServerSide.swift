import LibPQ

/// The process id of the connection's session.
func backendPID(of connection: Connection) async throws -> Int {
  try await connection.execute(Statement("SELECT pg_backend_pid() AS pid")).singleRow()
    .decode("pid")
}

/// Waits, in the server, until the session is active with this text in its statement, and for
/// this event if one is named. One statement for each look: within one, pg_stat_activity stands
/// still.
func waitUntil(
  _ pid: Int, runs text: String, waitingFor event: String = "", _ observer: Connection
) async throws {
  while true {
    let rows = try await observer.execute(
      Statement(
        """
        SELECT pg_sleep(0.01) FROM pg_stat_activity
        WHERE pid = $1::int4 AND state = 'active' AND query LIKE '%' || $2::text || '%'
          AND ($3::text = '' OR wait_event = $3::text)
        """, 3), [.int(pid), .text(text), .text(event)]
    ).rows
    if !rows.isEmpty { return }
  }
}
