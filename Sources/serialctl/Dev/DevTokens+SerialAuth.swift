import LocalCluster
import SerialAuth

extension DevTokens {
  /// How long the token of `.serial/env` holds, in seconds: 30 days. Each `up` makes a new one.
  private static let lifetimeSeconds = 30 * 86_400

  /// A secret that nodes refuse beyond loopback, and a token with every scope.
  static let local = DevTokens(
    makeSecret: { TokenSecret.makeLocal() },
    mint: { secret in
      try await TokenMinter(secret: try TokenSecret(secret)).mint(
        subject: "local-admin", scopes: Set(Scope.allCases), audience: "seriald",
        lifetimeSeconds: lifetimeSeconds)
    })
}
