import Allocator
import LeaseCore
import SerialFormat

/// The answer of `GET /api/verify`.
struct VerifyResponse: Encodable, Sendable {
  struct Entry: Encodable, Sendable {
    let check: String
    let kind: Nullable<String>
    let year: Nullable<Int>
    let first: Nullable<Int>
    let last: Nullable<Int>
    let detail: String

    init(_ disagreement: Disagreement) {
      check = disagreement.check
      kind = Nullable(disagreement.counter?.kind.rawValue)
      year = Nullable(disagreement.counter?.year)
      first = Nullable(disagreement.block?.first)
      last = Nullable(disagreement.block?.last)
      detail = disagreement.detail
    }
  }

  let agrees: Bool
  let disagreements: [Entry]

  init(_ disagreements: [Disagreement]) {
    agrees = disagreements.isEmpty
    self.disagreements = disagreements.map(Entry.init)
  }
}
