public import PrometheusText

/// Help and buckets of every metric of a node (design section 8).
public enum MetricsCatalogue {
  public static var node: Catalogue {
    var catalogue = Catalogue()
    catalogue.describe("serial_issued_total", "Serials this node issued.")
    catalogue.describe(
      "serial_allocate_seconds", "Time from a request for serials to their issue.",
      bounds: Catalogue.secondsBounds)
    catalogue.describe(
      "serial_commit_seconds", "Time of one commit at the coordinator.",
      bounds: Catalogue.secondsBounds)
    catalogue.describe(
      "serial_commit_batch_size", "Requests that one commit served.", bounds: Catalogue.sizeBounds)
    catalogue.describe("serial_lease_events_total", "Leases by what happened to them.")
    catalogue.describe("serial_fenced_total", "Calls refused because the lease was no longer ours.")
    catalogue.describe("serial_incidents_total", "Findings that break a rule; always 0.")
    catalogue.describe("http_requests_total", "HTTP requests by route, method and status.")
    catalogue.describe(
      "http_request_seconds", "Time to answer an HTTP request.", bounds: Catalogue.secondsBounds)
    return catalogue
  }
}
