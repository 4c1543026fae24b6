import HTTPTypes
import SerialAuth

/// Every route of the interface: one table for the router, the answers 404 and 405, the metrics'
/// labels and the test that holds `openapi.yaml` against it.
enum Route: CaseIterable {
  case allocateJobs
  case allocateTargets
  case validateSerials
  case showSerial
  case capacity
  case nodes
  case leases
  case health
  case ready
  case metrics
  case openAPI

  /// What a request needs to be served.
  enum Access: Equatable {
    case open
    /// A valid token, whatever its scopes: the answer tells nothing about this cluster.
    case anyToken
    case scope(Scope)
  }

  var method: HTTPRequest.Method {
    switch self {
    case .allocateJobs, .allocateTargets, .validateSerials: .post
    case .showSerial, .capacity, .nodes, .leases, .health, .ready, .metrics, .openAPI: .get
    }
  }

  /// The path, with names of parameters in braces.
  var template: String {
    switch self {
    case .allocateJobs: "/api/serials/jobs"
    case .allocateTargets: "/api/serials/targets"
    case .validateSerials: "/api/serials/validate"
    case .showSerial: "/api/serials/{serial}"
    case .capacity: "/api/capacity"
    case .nodes: "/api/nodes"
    case .leases: "/api/leases"
    case .health: "/health"
    case .ready: "/health/ready"
    case .metrics: "/metrics"
    case .openAPI: "/openapi.yaml"
    }
  }

  var access: Access {
    switch self {
    case .allocateJobs, .allocateTargets: .scope(.allocateSerials)
    case .validateSerials: .anyToken
    case .showSerial: .scope(.readRecords)
    case .capacity, .nodes, .leases: .scope(.readCluster)
    case .health, .ready, .metrics, .openAPI: .open
    }
  }

  /// Whether it is asked by machines all the time, so that its log lines are for debugging only.
  var isRoutine: Bool { access == .open }

  /// The routes whose template fits `path`, those of the most literal template alone.
  static func matching(_ path: String) -> [Route] {
    let segments = path.split(separator: "/")
    let fitting = allCases.filter { route in
      let parts = route.template.split(separator: "/")
      return parts.count == segments.count
        && zip(parts, segments).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
    }
    let literal = fitting.filter { !$0.template.contains("{") }
    return literal.isEmpty ? fitting : literal
  }

  /// What the paths' methods are, for the header `Allow`: HEAD wherever GET is.
  static func allowed(_ routes: [Route]) -> [HTTPRequest.Method] {
    let methods = Set(routes.map(\.method))
    return (methods.contains(.get) ? methods.union([.head]) : methods)
      .sorted { $0.rawValue < $1.rawValue }
  }
}
