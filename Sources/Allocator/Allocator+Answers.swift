import LeaseCore
import Logging
import SerialFormat

extension Allocator {
  /// What a refusal of the machine says to the caller.
  static func error(for refusal: MachineAction.Refusal, node: String) -> AllocationError {
    switch refusal {
    case .capacityExhausted(let counter):
      AllocationError(
        .capacityExhausted,
        detail:
          "Fewer \(counter.kind.rawValue) numbers of \(counter.year) are left than were asked for; "
          + "the capacity is \(Capacity.counter).", counter: counter)
    case .reserveOnly(let counter):
      AllocationError(
        .reserveOnly,
        detail:
          "The \(counter.kind.rawValue) numbers of \(counter.year) that are left are kept for "
          + "administrators.", counter: counter)
    case .grantsClosed:
      AllocationError(
        .coordinatorUnavailable,
        detail:
          "The coordinator started again and grants nothing until the nodes have reported what "
          + "they hold; GET /api/grants says which it waits for.", retryAfterSeconds: 2)
    case .keyTaken:
      // The shell resolves the key and answers with what it finds.
      AllocationError(
        .outcomeUnknown, detail: "Another request with the same idempotency key is under way.",
        retryAfterSeconds: 1)
    case .quotaExceeded(let milliseconds):
      AllocationError(
        .quotaExceeded, detail: "The quota of this subject is used up.",
        retryAfterSeconds: max(1, (milliseconds + 999) / 1000))
    case .recordRefused(let detail):
      AllocationError(.recordRefused, detail: detail)
    case .recalling(let counter):
      AllocationError(
        .recalling,
        detail:
          "The last free \(counter.kind.rawValue) numbers of \(counter.year) are held by other "
          + "nodes, which were asked to give them back.", retryAfterSeconds: 1, counter: counter)
    case .coordinatorUnavailable:
      AllocationError(
        .coordinatorUnavailable,
        detail: "The coordinator does not answer and nothing is committed ahead.",
        retryAfterSeconds: 1)
    case .outcomeUnknown:
      AllocationError(
        .outcomeUnknown,
        detail: "The coordinator's answer was lost: whether the numbers were recorded as issued is "
          + "not known yet. This node gave them to nobody.")
    case .draining:
      AllocationError(
        .draining, detail: "Node \(node) is draining and issues no more.", retryAfterSeconds: 1)
    case .frozen(let counter):
      AllocationError(
        .frozen, detail: "An operator froze the counter \(counter).", counter: counter)
    case .superseded:
      AllocationError(
        .draining,
        detail: "This process speaks for node \(node) no longer: another one registered, or the "
          + "coordinator forgot it. Its log says which.",
        retryAfterSeconds: 1)
    case .rejected:
      AllocationError(
        .coordinatorUnavailable,
        detail: "The coordinator refused the statement; the node's log says why.",
        retryAfterSeconds: 5)
    case .noStandby:
      AllocationError(
        .coordinatorUnavailable,
        detail: "The coordinator has no synchronous standby configured, and this node's durability "
          + "setting demands one.", retryAfterSeconds: 5)
    }
  }

  func log(_ note: MachineAction.Note, stream: IssueStream) {
    let kind: Logger.MetadataValue = "\(stream.kind.rawValue)"
    switch note {
    case .granted(let id, let block):
      logger.debug(
        "block granted", metadata: ["kind": kind, "lease": "\(id)", "block": "\(block)"])
    case .fenced(let id, let why):
      logger.warning("lease fenced", metadata: ["kind": kind, "lease": "\(id)", "why": "\(why)"])
    case .recalled(let id):
      logger.debug("lease recalled", metadata: ["kind": kind, "lease": "\(id)"])
    case .released(let id, let givenBack):
      logger.debug(
        "lease released",
        metadata: ["kind": kind, "lease": "\(id)", "given_back": "\(givenBack)"])
    case .resolved(let committed):
      logger.info(
        "unknown outcome resolved", metadata: ["kind": kind, "committed": "\(committed)"])
    case .stocked(let count):
      logger.info(
        "committed numbers without a recipient kept for the next request",
        metadata: ["kind": kind, "count": "\(count)"])
    case .abandoned(let count):
      logger.warning(
        "committed numbers without a recipient can be handed out no more",
        metadata: ["kind": kind, "count": "\(count)"])
    case .recorded(let count):
      logger.info(
        "numbers left out that records of an application carry",
        metadata: ["kind": kind, "count": "\(count)"])
    case .unreported(let count):
      logger.error(
        "numbers that were handed out ahead will not show in the issue log to whom",
        metadata: ["kind": kind, "count": "\(count)"])
    case .incident(let id, let story):
      logger.error(
        "the coordinator contradicts what it acknowledged",
        metadata: ["kind": kind, "lease": "\(id)", "story": "\(story)"])
    case .superseded:
      logger.error("superseded by another process of this node", metadata: ["kind": kind])
    }
  }
}
