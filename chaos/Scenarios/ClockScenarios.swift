import ChaosCluster
import ChaosLoad
import LocalCluster

extension Scenario {
  private static var moving: ClusterOptions {
    var options = ClusterOptions()
    options.movesClocks = true
    return options
  }

  /// Clocks of nodes and of the coordinator are set, forwards and back, by up to a year's end.
  static let clockJump = Scenario(
    "clock-jump",
    "Clocks of nodes and of the coordinator jump by hours, and of nodes across New Year: uniqueness does not depend on them.",
    options: moving
  ) { stage in
    let hour = 3_600.0
    try await stage.load.run(stage.clients) {
      try await stage.letPass(stage.isShort ? 50 : 200)
      for (name, hours) in [("eu-1", 5.0), ("us-1", -7), ("eu-2", 24 * 45)]
      where !stage.isShort || name == "us-1" {
        let node = try stage.cluster.node(name)
        try await stage.fault(
          "clock-jump", on: name, "set by \(Int(hours)) hours, and back after two times to live"
        ) {
          try node.clock?.move(to: hours * hour)
          try await pauseTwoLives(stage)
          try node.clock?.move(to: 0)
        }
        try await stage.expectAllToServe()
      }
      if stage.isShort { return }
      for hours in [3.0, -2] {
        try await stage.fault(
          "clock-jump", on: "coordinator",
          "set by \(Int(hours)) hours, and back after two times to live"
        ) {
          try stage.cluster.clock?.move(to: hours * hour)
          try await pauseTwoLives(stage)
          try stage.cluster.clock?.move(to: 0)
        }
        try await stage.expectAllToServe()
      }
      try await stage.fault(
        "clock-jump", on: "all clocks", "back and forth by a second to a minute"
      ) {
        for seconds in [1.0, -1, 10, -10, 60, -60, 0] {
          try stage.cluster.clock?.move(to: seconds)
          for node in stage.cluster.nodes { try node.clock?.move(to: -seconds) }
          try await Task.sleep(for: .seconds(1))
        }
      }
      try await stage.expectAllToServe()
    }
  }

  private static func pauseTwoLives(_ stage: Stage) async throws {
    try await Task.sleep(for: .milliseconds(2 * stage.cluster.options.leaseMilliseconds))
  }

  /// The year turns under load, with clocks of nodes before and behind the coordinator's.
  static let newYear = Scenario(
    "new-year",
    "The year turns under load, for nodes whose clocks are ahead and behind too; what was left of the old year comes back.",
    options: {
      var options = moving
      options.secondsBeforeNewYear = 45
      options.commitAhead = 10
      return options
    }()
  ) { stage in
    let cluster = stage.cluster
    let start = cluster.clockOffset
    let old = try await year(cluster)
    try await stage.load.run(stage.clients) {
      // each node is told of it on its own: the turn meets what it had committed ahead
      try await stage.fault("clock-skew", on: "eu-2", "20 s ahead, while the year turns") {
        try await stage.fault("clock-skew", on: "us-1", "20 s behind, while the year turns") {
          try await stage.fault("year-turn", on: "eu-1", "the year turns") {
            try cluster.node("eu-2").clock?.move(to: start + 20)
            try cluster.node("us-1").clock?.move(to: start - 20)
            try await stage.letPass(100)
            try await stage.expect("the coordinator's year turns", within: 120) {
              try await year(cluster) == old + 1
            }
            try await stage.letPass(300)
            try await Task.sleep(for: .seconds(25))
          }
        }
      }
      try await stage.expectAllToServe()
      for kind in ["job", "target"] {
        try await stage.expect("\(old)'s \(kind) numbers all came back or were issued") {
          try await cluster.sql(
            "SELECT leased FROM serial.ledger WHERE kind = '\(kind)' AND year = \(old)") == "0"
        }
        let issued = try await cluster.sql(
          "SELECT string_agg(year || ':' || (issued > 0), ' ' ORDER BY year) FROM serial.ledger WHERE kind = '\(kind)'"
        )
        stage.demand(
          "\(kind) numbers of both years were issued", issued == "\(old):true \(old + 1):true",
          seen: issued)
      }
    }
  }

  private static func year(_ cluster: ChaosCluster) async throws -> Int {
    let text = try await cluster.sql(
      "SELECT extract(year FROM clock_timestamp() AT TIME ZONE 'UTC')::integer")
    return Int(text) ?? 0
  }
}
