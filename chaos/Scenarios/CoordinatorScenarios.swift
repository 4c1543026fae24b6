import ChaosCluster
import ChaosLoad
import LocalCluster

extension Scenario {
  static let coordinatorRestart = Scenario(
    "coordinator-restart",
    "The coordinator stops at once, is killed, or restarts in order; what it acknowledged stays, and nodes go on by themselves."
  ) { stage in
    let server = stage.cluster.postgres.server
    try await stage.load.run(stage.clients) {
      for (mode, detail) in [
        (PrivatePostgres.StopMode.immediate, "stops at once, as in a crash"),
        (.fast, "restarts in order"), (.immediate, "stops at once, away for two times to live"),
      ] {
        try await stage.letPass(200)
        try await stage.fault("coordinator-stop", on: "coordinator", detail) {
          try await server.stop(mode)
          if detail.contains("two times") {
            try await Task.sleep(for: .milliseconds(2 * stage.cluster.options.leaseMilliseconds))
          }
          try await server.start()
        }
        try await stage.expectAllToServe(within: 60)
      }
      try await stage.letPass(200)
      try await stage.fault("coordinator-kill", on: "coordinator", "kill -9 of the postmaster") {
        try await server.crash()
        try await server.start()
      }
      try await stage.expectAllToServe(within: 60)
      try await stage.letPass(200)
    }
  }

  /// Sessions are refused because the limit of the role is reached.
  static let connectionLimit = Scenario(
    "connection-limit",
    "No connection is left for one node, then for all; they come back by themselves."
  ) { stage in
    try await stage.load.run(stage.clients) {
      try await stage.letPass(200)
      for (names, sessions) in [(["eu-1"], 0), (stage.cluster.nodes.map(\.name), 1)] {
        try await stage.fault(
          "connection-limit", on: names.count == 1 ? names[0] : "all nodes",
          "at most \(sessions) sessions, and those that were there are ended"
        ) {
          try await limit(names, to: sessions, stage)
          let before = stage.load.count(names[0])
          try await Task.sleep(for: .milliseconds(2 * stage.cluster.options.leaseMilliseconds))
          if sessions == 0 {
            // what was under way when its sessions were ended may still be answered
            let issued = stage.load.count(names[0]) - before
            stage.demand(
              "\(names[0]) issues nothing without a session", issued <= 4,
              seen: "\(issued) requests acknowledged")
          }
          try await limit(names, to: -1, stage)
        }
        try await stage.expectAllToServe()
      }
    }
  }

  static func limit(_ nodes: [String], to sessions: Int, _ stage: Stage) async throws {
    for node in nodes {
      try await stage.cluster.sql("ALTER ROLE \"\(node)\" CONNECTION LIMIT \(sessions)")
      guard sessions >= 0 else { continue }
      try await stage.cluster.sql(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '\(node)'")
    }
  }

  /// PostgreSQL answers a commit whose wait for the standby was cancelled with success and a WARNING.
  static let cancelledWait = Scenario(
    "cancelled-wait",
    "The standby is away, and waits for it are cancelled or cut off: such a commit is unknown, never done.",
    options: {
      var options = ClusterOptions()
      options.hasStandby = true
      return options
    }()
  ) { stage in
    try await stage.load.run(stage.clients) {
      for function in ["pg_cancel_backend", "pg_terminate_backend"] {
        try await stage.letPass(200)
        try await stage.fault("cancelled-wait", on: "standby", "stopped; \(function) of what waits")
        {
          try await stage.cluster.standby?.server.stop(.immediate)
          var cancelled = 0
          for _ in 0..<20 {
            cancelled += try await cancelWaits(stage, by: function)
            try await Task.sleep(for: .milliseconds(250))
          }
          stage.demand(
            "waits for the standby were ended by \(function)", cancelled > 0,
            seen: "\(cancelled) waits")
          try await stage.cluster.standby?.server.start()
        }
        try await stage.expectAllToServe(within: 60)
      }
    }
  }

  /// How many there were.
  @discardableResult
  static func cancelWaits(_ stage: Stage, by function: String) async throws -> Int {
    let count = try await stage.cluster.sql(
      """
      SELECT count(\(function)(pid)) FROM pg_stat_activity
      WHERE wait_event = 'SyncRep' AND usename <> 'postgres'
      """)
    return Int(count) ?? 0
  }

  /// How many numbers nodes reported that the coordinator did not know.
  private static func forgotten(_ stage: Stage) async throws -> Int {
    let carved = try await stage.cluster.sql(
      "SELECT coalesce(sum((detail->>'carved')::integer), 0) FROM serial.events WHERE event = 'reported'"
    )
    return Int(carved) ?? 0
  }

  /// That there was something to find since then.
  private static func expectForgotten(more known: Int, _ stage: Stage) async throws {
    let now = try await forgotten(stage)
    stage.demand(
      "nodes reported numbers that the coordinator had forgotten", now > known,
      seen: "\(now - known) numbers")
  }

  /// A base backup of before is started in the coordinator's place.
  static let lostCommits = Scenario(
    "lost-commits",
    "A backup takes the coordinator's place and has forgotten what was issued since: no number is issued again."
  ) { stage in
    let postgres = stage.cluster.postgres
    try await stage.load.run(stage.clients) {
      for recovery in [BaseBackup.Recovery.crash, .archive] {
        try await stage.letPass(200)
        let backup = try await postgres.takeBackup(name: recovery.rawValue)
        let known = try await forgotten(stage)
        try await stage.letPass(400)
        try await stage.fault(
          "lose-commits", on: "coordinator",
          "stopped, and a backup of before started in its place (\(recovery.rawValue))"
        ) {
          try await postgres.server.stop(.immediate)
          try await postgres.restore(backup, recovery: recovery)
        }
        try await stage.expectAllToServe(within: 90)
        try await stage.letPass(600)
        // without the guard nobody reports
        if stage.cluster.options.flaw == nil { try await expectForgotten(more: known, stage) }
      }
    }
  }
}
