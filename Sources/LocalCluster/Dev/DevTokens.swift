/// How a cluster's token secret and its first token are made. Handed in: this library starts
/// processes and knows nothing of tokens.
public struct DevTokens: Sendable {
  /// Makes a new secret, as text of one line.
  public let makeSecret: @Sendable () -> String
  /// Makes a token with all scopes from the text of the secret's file.
  public let mint: @Sendable (_ secret: String) async throws -> String

  public init(
    makeSecret: @escaping @Sendable () -> String,
    mint: @escaping @Sendable (_ secret: String) async throws -> String
  ) {
    self.makeSecret = makeSecret
    self.mint = mint
  }
}
