import Allocator
import LeaseCore
import SerialFormat

/// The answer of `POST /api/serials/jobs` and `/targets`.
struct AllocateResponse: Encodable, Sendable {
  let serials: [String]
  /// The UTC year of all of them.
  let year: Int
  /// The node that issued them.
  let node: String

  /// Throws a `SerialError` for a year that no serial can have.
  init(_ allocation: Allocation) throws(SerialError) {
    serials = try allocation.serials().map(\.description)
    year = allocation.counter.year
    node = allocation.node
  }
}
