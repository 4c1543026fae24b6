/// A lease as its holder sees it.
public struct HeldLease: Sendable, Equatable {
  public let id: LeaseID
  public let token: Token
  public let counter: Counter
  public let block: Block
  /// The highest number that the coordinator acknowledged as durably issued; `block.first - 1`
  /// while there is none. Nothing above it may leave the node (rule 2).
  public internal(set) var committedThrough: Int
  /// How many commits the coordinator acknowledged; the next one names it.
  public internal(set) var revision: Int
  /// The latest read-back that it acknowledged; a commit from before one of them is refused.
  public internal(set) var attempt: Int
  /// Another node needs the rest.
  public internal(set) var recall: Recall
  /// When the statement that last renewed it was sent.
  public internal(set) var renewedAt: Instant

  /// How far a recall has come.
  public enum Recall: Sendable, Equatable {
    /// Goes to `recalled`.
    case no
    /// What waits now may still be served from it, once. Goes to `served`.
    case recalled
    /// It is given back as soon as no statement is under way for it.
    case served
  }

  /// The highest number that was handed out ahead and whose line was given up; `block.first - 1` for
  /// none. No line keeps it from coming back, so a release has to.
  public internal(set) var unloggedThrough: Int
  /// Numbers that proved to be carried by records already. They are handed to nobody.
  var recorded: Set<Int> = []

  public init(id: LeaseID, token: Token, counter: Counter, block: Block, grantedAt: Instant) {
    self.id = id
    self.token = token
    self.counter = counter
    self.block = block
    self.committedThrough = block.first - 1
    self.unloggedThrough = block.first - 1
    self.revision = 0
    self.attempt = 0
    self.recall = .no
    self.renewedAt = grantedAt
  }

  /// What is not committed yet.
  public var uncommitted: Block? { block.above(committedThrough) }
}
