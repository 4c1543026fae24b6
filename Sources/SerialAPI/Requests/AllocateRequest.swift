import Allocator
import NIOCore
import SerialFormat

/// The body of `POST /api/serials/jobs` and `/targets`.
struct AllocateRequest: Equatable {
  /// How many serials, 1...1000; 1 where the body does not say.
  let count: Int
  /// The year that an administrator names; nil for the running one.
  let year: Int?

  init(_ body: ByteBuffer) throws(Problem) {
    let fields = try BodyFields(body, known: ["count", "year"])
    count = try fields.integer("count", in: AllocationRequest.countRange) ?? 1
    year = try fields.integer("year", in: Capacity.years)
  }

  /// Everything that the answer follows from, in one form. Short enough to be its own digest, so
  /// that two requests never have the same.
  var digest: String {
    guard let year else { return "count=\(count)" }
    return "count=\(count) year=\(year)"
  }
}
