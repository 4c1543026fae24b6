import Allocator
import LeaseCore

/// The answer of `GET /api/nodes`.
struct NodesResponse: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    let node: String
    let region: String
    /// `active` or `retired`.
    let state: String
    let live: Bool
    let bootID: Nullable<String>
    let startedAt: Nullable<Timestamp>
    let lastSeenAt: Nullable<Timestamp>
    /// How many live leases it has, and how many numbers it may still issue from them.
    let leases: Int
    let leasedNumbers: Int

    private enum CodingKeys: String, CodingKey {
      case node, region, state, live, leases
      case bootID = "boot_id"
      case startedAt = "started_at"
      case lastSeenAt = "last_seen_at"
      case leasedNumbers = "leased_numbers"
    }

    init(_ entry: NodeEntry) {
      node = entry.node
      region = entry.region
      state = entry.state
      live = entry.live
      bootID = Nullable(entry.bootID?.description)
      startedAt = Nullable(Timestamp(entry.startedAt))
      lastSeenAt = Nullable(Timestamp(entry.lastSeenAt))
      leases = entry.leases
      leasedNumbers = entry.leasedNumbers
    }
  }

  /// By name.
  let nodes: [Entry]

  init(_ entries: [NodeEntry]) {
    nodes = entries.sorted { $0.node < $1.node }.map(Entry.init)
  }
}
