public import Foundation
import JWTKit
import Synchronization

/// Judges bearer tokens: HS256 with a secret, or ES256, EdDSA and RS256 with a file of public keys.
///
/// The file is looked at again when a token names a key that is not known, and otherwise with the
/// first token after `recheckSeconds`; never more often than that. A changed file is read anew, so
/// that keys can be added and withdrawn while the node runs. When the new file cannot be used the
/// keys that were in force stay so, and the failure is reported.
public final class TokenVerifier: Sendable {
  /// The longest token that is looked at, in bytes.
  public static let byteLimit = 8 * 1024
  /// The least time between two looks at the file of keys, in seconds.
  public static let recheckSeconds = 10

  /// What happened to the file of keys.
  public enum KeyEvent: Sendable, Equatable {
    case reloaded(keys: Int)
    case reloadFailed(KeyError)
  }

  private struct State {
    var keys: KeyTable
    var version: KeyFile.Version?
    var checkedAt: Date
  }

  private let rules: TokenRules
  private let file: KeyFile?
  private let state: Mutex<State>
  private let report: @Sendable (KeyEvent) -> Void

  private init(
    rules: TokenRules, keys: KeyTable, file: KeyFile?, version: KeyFile.Version?, now: Date,
    report: @escaping @Sendable (KeyEvent) -> Void
  ) {
    self.rules = rules
    self.file = file
    self.report = report
    state = Mutex(State(keys: keys, version: version, checkedAt: now))
  }

  /// A verifier for HS256 tokens made with `secret`.
  public static func withSecret(
    _ secret: TokenSecret, rules: TokenRules
  ) async throws(KeyError) -> TokenVerifier {
    TokenVerifier(
      rules: rules, keys: try await KeyTable(secret: secret), file: nil, version: nil, now: Date(),
      report: { _ in })
  }

  /// A verifier for tokens signed with a key of the JSON Web Key Set at `path`.
  ///
  /// Throws a `KeyError` when the file cannot be read, holds a private or weak key, or none that
  /// can be used. `report` hears of later changes of the file.
  public static func withKeyFile(
    _ path: String, rules: TokenRules, now: Date = Date(),
    report: @escaping @Sendable (KeyEvent) -> Void = { _ in }
  ) async throws(KeyError) -> TokenVerifier {
    let file = KeyFile(path: path)
    // The version is taken first: a change in between is then seen at the next look.
    let version = await file.version()
    return TokenVerifier(
      rules: rules, keys: try await file.read(), file: file, version: version, now: now,
      report: report)
  }

  /// Says who sent `token`, or throws a `TokenError`. `now` is the time to judge by.
  public func verify(_ token: String, now: Date = Date()) async throws(TokenError) -> Caller {
    guard token.utf8.count <= Self.byteLimit else { throw TokenError(.tooLarge) }
    let parts = try SignedToken(token)
    let header = try TokenHeader.read(parts.header)
    await recheck(now: now)
    let key = try state.withLock { $0.keys }.key(for: header)
    // A signature of a wrong shape makes some algorithms throw; to the caller it is all the same.
    let genuine = try? key.algorithm.verify(parts.signature, signs: parts.signed)
    guard genuine == true else { throw TokenError(.badSignature) }
    guard let claims = try? JSONDecoder().decode(TokenClaims.self, from: Data(parts.payload)) else {
      throw TokenError(.badClaims)
    }
    return try rules.judge(claims, at: now)
  }

  /// Reads the file of keys anew when it changed and the last look is long enough ago.
  ///
  /// The caller who finds the time come does it; the others go on with the keys in force.
  private func recheck(now: Date) async {
    guard let file else { return }
    let due = state.withLock { state in
      // A clock that was set back must not stop the looking.
      guard abs(now.timeIntervalSince(state.checkedAt)) >= Double(Self.recheckSeconds) else {
        return false
      }
      state.checkedAt = now
      return true
    }
    guard due else { return }
    let version = await file.version()
    guard version != state.withLock({ $0.version }) else { return }
    do throws(KeyError) {
      let keys = try await file.read()
      state.withLock { state in
        state.keys = keys
        state.version = version
      }
      report(.reloaded(keys: keys.count))
    } catch {
      report(.reloadFailed(error))
    }
  }
}

/// A token in its three parts, decoded but not believed.
struct SignedToken {
  let header: [UInt8]
  let payload: [UInt8]
  let signature: [UInt8]
  /// What the signature is over.
  let signed: [UInt8]

  init(_ token: String) throws(TokenError) {
    let bytes = Array(token.utf8)
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Base64URL.decode(parts[0]),
      let payload = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2])
    else { throw TokenError(.malformed) }
    self.header = header
    self.payload = payload
    self.signature = signature
    signed = Array(bytes[..<parts[1].endIndex])
  }
}
