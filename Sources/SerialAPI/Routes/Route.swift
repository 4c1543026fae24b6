import HTTPTypes

/// Every route of the interface: one table for the router, the answers 404 and 405, the metrics'
/// labels and the test that holds `openapi.yaml` against it. What each is stands in `shape`.
enum Route: CaseIterable {
  case allocateJobs
  case allocateTargets
  case validateSerials
  case showSerial
  case voidSerial
  case unvoidSerial

  case createJob
  case createJobs
  case listJobs
  case showJob
  case executeJob
  case jobExecutions
  case createTarget
  case createTargets
  case listTargets
  case showTarget
  case targetPerformance
  case targetExecutions
  case showExecution
  case changeExecution
  case showBranch
  case changeBranch
  case children
  case lookUp
  case lookUpMany
  case searchExecutions
  case search
  case executionAnalytics
  case jobMetrics
  case compareJobs
  case purgeOutputs

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

  var method: HTTPRequest.Method { shape.method }
  /// The path, with names of parameters in braces.
  var template: String { shape.template }
  var access: RouteShape.Access { shape.access }
  /// The query parameters that it takes; most take none.
  var queryNames: [String] { shape.queryNames }

  /// Whether it is asked by machines all the time, so that its log lines are for debugging only.
  var isRoutine: Bool { access == .open }
}

extension Route {
  /// A template cut into its segments.
  private struct Pattern: Sendable {
    struct Segment: Sendable {
      let text: Substring
      var isParameter: Bool { text.hasPrefix("{") }
    }

    let route: Route
    let segments: [Segment]
    /// Where its parameters are.
    let parameters: [Bool]

    init(_ route: Route) {
      self.route = route
      segments = route.template.split(separator: "/").map(Segment.init)
      parameters = segments.map(\.isParameter)
    }

    func fits(_ path: [Substring]) -> Bool {
      segments.count == path.count
        && zip(segments, path).allSatisfy { $0.isParameter || $0.text == $1 }
    }

    /// Whether the router prefers it: at the first difference it has a text, the other a parameter.
    func isMoreLiteral(than other: Pattern) -> Bool {
      parameters.lexicographicallyPrecedes(other.parameters) { !$0 && $1 }
    }
  }

  private static let patterns = allCases.map(Pattern.init)

  /// The routes whose template fits `path`, those of the most literal template alone.
  static func matching(_ path: String) -> [Route] {
    let segments = path.split(separator: "/")
    let fitting = patterns.filter { $0.fits(segments) }
    guard let best = fitting.min(by: { $0.isMoreLiteral(than: $1) }) else { return [] }
    return fitting.filter { $0.parameters == best.parameters }.map(\.route)
  }

  /// What the paths' methods are, for the header `Allow`: HEAD wherever GET is.
  static func allowed(_ routes: [Route]) -> [HTTPRequest.Method] {
    let methods = Set(routes.map(\.method))
    return (methods.contains(.get) ? methods.union([.head]) : methods)
      .sorted { $0.rawValue < $1.rawValue }
  }
}
