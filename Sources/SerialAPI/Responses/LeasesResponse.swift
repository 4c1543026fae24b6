import Allocator
import LeaseCore
import SerialFormat

/// The answer of `GET /api/leases`. The fencing token of a lease is shown to nobody.
struct LeasesResponse: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    let id: String
    let node: String
    let kind: String
    let year: Int
    let first: Int
    let last: Int
    /// The highest number durably recorded as issued; `first` - 1 where none is.
    let committedThrough: Int
    /// How many numbers of the block are not issued.
    let remaining: Int
    let grantedAt: Timestamp
    let expiresAt: Timestamp
    let recalledAt: Nullable<Timestamp>
    /// Numbers that one crash would lose: committed and not handed out.
    let atRisk: Int

    private enum CodingKeys: String, CodingKey {
      case id, node, kind, year, first, last, remaining
      case committedThrough = "committed_through"
      case grantedAt = "granted_at"
      case expiresAt = "expires_at"
      case recalledAt = "recalled_at"
      case atRisk = "at_risk"
    }

    init(_ entry: LeaseEntry) {
      id = entry.id.description
      node = entry.node
      kind = entry.counter.kind.rawValue
      year = entry.counter.year
      first = entry.block.first
      last = entry.block.last
      committedThrough = entry.committedThrough
      remaining = entry.block.above(entry.committedThrough)?.count ?? 0
      grantedAt = Timestamp(entry.grantedAt)
      expiresAt = Timestamp(entry.expiresAt)
      recalledAt = Nullable(Timestamp(entry.recalledAt))
      atRisk = entry.atRisk
    }
  }

  /// By counter, then by first number.
  let leases: [Entry]

  init(_ entries: [LeaseEntry]) {
    leases = entries.sorted { ($0.counter, $0.block) < ($1.counter, $1.block) }.map(Entry.init)
  }
}
