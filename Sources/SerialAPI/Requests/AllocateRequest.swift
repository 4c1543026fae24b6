import Allocator
import HTTPTypes
import NIOCore

/// The body of `POST /api/serials/jobs` and `/targets`.
struct AllocateRequest: Equatable {
  /// How many serials, 1...1000; 1 where the body does not say.
  let count: Int

  init(_ body: ByteBuffer) throws(Problem) {
    let fields = try BodyFields(
      body, known: ["count"],
      elsewhere: [
        "year": "Allocating for a named year is not available yet; serials are of this UTC year."
      ])
    count = try fields.integer("count", in: AllocationRequest.countRange, fallback: 1)
  }

  /// A key that would be ignored is a promise that would be broken: the client believes that it may
  /// repeat the request.
  static func refuseIdempotencyKey(_ headers: HTTPFields) throws(Problem) {
    guard let name = HTTPField.Name("Idempotency-Key"), headers[name] != nil else { return }
    throw .invalid("The header Idempotency-Key is not available yet; send the request without it.")
  }
}
