import SerialAuth

@testable import SerialAPI

/// A request of each route that is good.
extension Route {
  /// With its query, where it needs one.
  var samplePath: String {
    template.replacing(
      "{serial}", with: executions.contains(self) ? "J202600001.0003" : "J202600001"
    )
    .replacing("{kind}", with: "job")
    .replacing("{year}", with: "2026").replacing("{node}", with: "eu-1")
    .replacing("{subject}", with: "billing").replacing("{job}", with: "J202600001")
    .replacing("{job_serial}", with: "J202600001").replacing("{target}", with: "T202600045")
    .replacing("{target_serial}", with: "T202600045")
    .replacing("{execution_serial}", with: "J202600001.0003")
    .replacing("{branch_serial}", with: "J202600001.0003.0015") + sampleQuery
  }

  private var executions: [Route] { [.children, .changeExecution] }

  private var sampleQuery: String {
    switch self {
    case .lookUp: "?serials=J202600001"
    case .searchExecutions, .search: "?q=J2026"
    case .compareJobs: "?jobs=J202600001"
    default: ""
    }
  }

  /// Most routes take none.
  var sampleBody: String? {
    switch self {
    case .validateSerials: "{\"serials\":[]}"
    case .voidSerial, .unvoidSerial, .retireNode, .recoverGrants: "{\"reason\":\"a test\"}"
    case .freezeCounter: "{\"frozen\":true,\"reason\":\"a test\"}"
    case .reserveCounter: "{\"numbers\":10}"
    case .setQuota: "{\"per_minute\":10}"
    case .setGrants: "{\"wait_milliseconds\":10}"
    case .createJob, .createTarget: "{\"name\":\"a test\"}"
    case .createJobs: "{\"jobs\":[{\"name\":\"a test\"}]}"
    case .createTargets: "{\"targets\":[{\"name\":\"a test\"}]}"
    case .executeJob: "{\"target_serials\":[\"T202600045\"]}"
    case .changeExecution, .changeBranch: "{\"status\":\"completed\"}"
    case .lookUpMany: "{\"serials\":[\"J202600001\"]}"
    case .purgeOutputs: "{\"before\":\"2026-01-01T00:00:00Z\"}"
    default: nil
    }
  }

  /// Those that change the cluster, but not the registry.
  static let operating: [Route] = allCases.filter {
    $0.access == .scope(.administerCluster) && $0 != .purgeOutputs
  }

  /// Those that change the registry.
  static let writing: [Route] =
    allCases.filter { $0.access == .scope(.writeRecords) } + [
      .purgeOutputs
    ]

  /// Those that read the cluster.
  static let reading: [Route] =
    allCases.filter { $0.access == .scope(.readCluster) } + [
      .showSerial
    ]
}
