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
    let counter = allocation.counter
    var serials: [String] = []
    serials.reserveCapacity(allocation.blocks.reduce(0) { $0 + $1.count })
    for block in allocation.blocks {
      for number in block.numbers {
        let serial = try Serial(counter: counter.kind, year: counter.year, number: number)
        serials.append(serial.description)
      }
    }
    self.serials = serials
    year = counter.year
    node = allocation.node
  }
}
