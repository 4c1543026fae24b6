import SerialAuth

@testable import SerialAPI

/// A request of each route that is good.
extension Route {
  var samplePath: String {
    template.replacing("{serial}", with: "J202600001").replacing("{kind}", with: "job")
      .replacing("{year}", with: "2026").replacing("{node}", with: "eu-1")
      .replacing("{subject}", with: "billing")
  }

  var sampleBody: String? {
    switch self {
    case .validateSerials: "{\"serials\":[]}"
    case .voidSerial, .unvoidSerial, .retireNode, .recoverGrants: "{\"reason\":\"a test\"}"
    case .freezeCounter: "{\"frozen\":true,\"reason\":\"a test\"}"
    case .reserveCounter: "{\"numbers\":10}"
    case .setQuota: "{\"per_minute\":10}"
    case .setGrants: "{\"wait_milliseconds\":10}"
    case .allocateJobs, .allocateTargets, .showSerial, .capacity, .nodes, .drainNode, .leases,
      .gaps, .events, .verify, .quotas, .removeQuota, .grants, .health, .ready, .metrics,
      .openAPI:
      nil
    }
  }

  /// Those that change the cluster.
  static let operating: [Route] = allCases.filter {
    $0.access == .scope(.administerCluster)
  }

  /// Those that read the coordinator.
  static let reading: [Route] = allCases.filter {
    [.scope(.readCluster), .scope(.readRecords)].contains($0.access)
  }
}
