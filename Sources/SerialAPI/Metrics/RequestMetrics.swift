import HTTPTypes
import Metrics
import PrometheusText
import Synchronization

/// Counts requests by route template, method and status; never by the path as it was sent, which
/// anyone can make up.
final class RequestMetrics: Sendable {
  /// The route of what fits no template.
  static let unknownRoute = "none"

  private struct Key: Hashable {
    let route: Route?
    let method: String
    let status: Int
  }

  private struct Handles {
    var counters: [Key: Counter] = [:]
    var timers: [Key: Timer] = [:]
  }

  private let factory: PrometheusMetricsFactory
  // Looking a metric up by name and labels costs more than counting; the handles are kept.
  private let handles = Mutex(Handles())

  init(registry: Registry) { factory = PrometheusMetricsFactory(registry: registry) }

  func record(
    route: Route?, method: HTTPRequest.Method, status: HTTPResponse.Status, duration: Duration
  ) {
    let name = Self.label(method)
    let counted = Key(route: route, method: name, status: status.code)
    let timed = Key(route: route, method: name, status: 0)
    let labels = [("route", route?.template ?? Self.unknownRoute), ("method", name)]
    let (counter, timer) = handles.withLock { handles in
      (
        handles.counters[
          counted,
          make: {
            Counter(
              label: "http_requests_total", dimensions: labels + [("status", "\(status.code)")],
              factory: factory)
          }],
        handles.timers[
          timed,
          make: {
            Timer(label: "http_request_seconds", dimensions: labels, factory: factory)
          }]
      )
    }
    counter.increment()
    timer.recordNanoseconds(duration.microseconds * 1000)
  }

  /// Counts a request that was refused before its route and method were known.
  func recordRefusal(status: HTTPResponse.Status) {
    Counter(
      label: "http_requests_total",
      dimensions: [
        ("route", Self.unknownRoute), ("method", "none"), ("status", "\(status.code)"),
      ], factory: factory
    ).increment()
  }

  /// The method, or `other` for one that clients made up.
  static func label(_ method: HTTPRequest.Method) -> String {
    let known: Set<HTTPRequest.Method> = [
      .get, .head, .post, .put, .patch, .delete, .options, .trace, .connect,
    ]
    return known.contains(method) ? method.rawValue : "other"
  }
}

extension Dictionary {
  fileprivate subscript(key: Key, make make: () -> Value) -> Value {
    mutating get {
      if let value = self[key] { return value }
      let value = make()
      self[key] = value
      return value
    }
  }
}
