import Allocator

/// The answer of `GET /api/grants`.
struct GrantsResponse: Encodable, Sendable {
  let generation: Int
  /// Whether the coordinator grants blocks.
  let open: Bool
  let reason: Nullable<String>
  let closedAt: Nullable<Timestamp>
  let opensAt: Nullable<Timestamp>
  let waitingFor: [String]
  let waitMilliseconds: Int
  let synchronousFailover: Bool

  private enum CodingKeys: String, CodingKey {
    case generation, open, reason
    case closedAt = "closed_at"
    case opensAt = "opens_at"
    case waitingFor = "waiting_for"
    case waitMilliseconds = "wait_milliseconds"
    case synchronousFailover = "synchronous_failover"
  }

  init(_ state: GrantState) {
    generation = state.generation
    open = state.grantsAreOpen
    reason = Nullable(state.reason)
    closedAt = Nullable(Timestamp(state.closedAt))
    opensAt = Nullable(Timestamp(state.opensAt))
    waitingFor = state.waitingFor.sorted()
    waitMilliseconds = state.waitMilliseconds
    synchronousFailover = state.failoverIsSynchronous
  }
}
