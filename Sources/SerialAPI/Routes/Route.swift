import HTTPTypes
import SerialAuth

/// Every route of the interface: one table for the router, the answers 404 and 405, the metrics'
/// labels and the test that holds `openapi.yaml` against it.
enum Route: CaseIterable {
  case allocateJobs
  case allocateTargets
  case validateSerials
  case showSerial
  case voidSerial
  case unvoidSerial
  case capacity
  case nodes
  case drainNode
  case retireNode
  case leases
  case gaps
  case events
  case verify
  case freezeCounter
  case reserveCounter
  case quotas
  case setQuota
  case removeQuota
  case grants
  case setGrants
  case recoverGrants
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
    case .allocateJobs, .allocateTargets, .validateSerials, .voidSerial, .unvoidSerial,
      .drainNode, .retireNode, .recoverGrants:
      .post
    case .freezeCounter, .reserveCounter, .setQuota, .setGrants: .put
    case .removeQuota: .delete
    case .showSerial, .capacity, .nodes, .leases, .gaps, .events, .verify, .quotas, .grants,
      .health, .ready, .metrics, .openAPI:
      .get
    }
  }

  /// The path, with names of parameters in braces.
  var template: String {
    switch self {
    case .allocateJobs: "/api/serials/jobs"
    case .allocateTargets: "/api/serials/targets"
    case .validateSerials: "/api/serials/validate"
    case .showSerial: "/api/serials/{serial}"
    case .voidSerial: "/api/serials/{serial}/void"
    case .unvoidSerial: "/api/serials/{serial}/unvoid"
    case .capacity: "/api/capacity"
    case .nodes: "/api/nodes"
    case .drainNode: "/api/nodes/{node}/drain"
    case .retireNode: "/api/nodes/{node}/retire"
    case .leases: "/api/leases"
    case .gaps: "/api/gaps"
    case .events: "/api/events"
    case .verify: "/api/verify"
    case .freezeCounter: "/api/counters/{kind}/{year}/frozen"
    case .reserveCounter: "/api/counters/{kind}/{year}/reserve"
    case .quotas: "/api/quotas"
    case .setQuota, .removeQuota: "/api/quotas/{subject}"
    case .grants, .setGrants: "/api/grants"
    case .recoverGrants: "/api/grants/recover"
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
    case .capacity, .nodes, .leases, .gaps, .events, .verify, .quotas, .grants:
      .scope(.readCluster)
    case .voidSerial, .unvoidSerial, .drainNode, .retireNode, .freezeCounter, .reserveCounter,
      .setQuota, .removeQuota, .setGrants, .recoverGrants:
      .scope(.administerCluster)
    case .health, .ready, .metrics, .openAPI: .open
    }
  }

  /// The query parameters that it takes; most take none.
  var queryNames: [String] {
    switch self {
    case .gaps: ["kind", "year", "after", "limit"]
    case .events: ["after", "limit", "event", "node"]
    case .allocateJobs, .allocateTargets, .validateSerials, .showSerial, .voidSerial,
      .unvoidSerial, .capacity, .nodes, .drainNode, .retireNode, .leases, .verify,
      .freezeCounter, .reserveCounter, .quotas, .setQuota, .removeQuota, .grants, .setGrants,
      .recoverGrants, .health, .ready, .metrics, .openAPI:
      []
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
