/// What the attempts of a call came to, for the error that it may end with.
struct CallLog: Sendable {
  /// Accounts beyond these say nothing new.
  private static let mostAccounts = 8

  let key: String?
  private var accounts: [String] = []
  private var attemptCount = 0
  private var refusal: CallMachine.Refusal?
  private var problem: ServiceProblem?

  init(key: String?) { self.key = key }

  mutating func add(_ exchange: HTTPTransport.Exchange) {
    attemptCount += 1
    accounts.removeAll { $0 == exchange.account }
    accounts.append(exchange.account)
    if accounts.count > Self.mostAccounts { accounts.removeFirst() }
    if case .refused(let refusal) = exchange.outcome {
      self.refusal = refusal
      problem = exchange.problem
    }
  }

  func error(_ failure: CallMachine.Failure, mayBeDone: Bool) -> SerialClientError {
    switch failure {
    case .refused:
      make(
        refusedCode, problem.map(\.detail) ?? history("the cluster refused"), mayBeDone: mayBeDone)
    case .unreachable: make(.unreachable, history("no node could be reached"))
    case .noAnswer: make(.noAnswer, history("no node answered in time"))
    case .outcomeUnknown:
      make(.outcomeUnknown, history("it may have been carried out"), mayBeDone: true)
    case .unreadable:
      make(.unreadableAnswer, history("no answer could be read"), mayBeDone: mayBeDone)
    case .tooLarge:
      make(.answerTooLarge, history("the answer is too large"), mayBeDone: mayBeDone)
    }
  }

  func cancellation(mayBeDone: Bool) -> SerialClientError {
    mayBeDone
      ? make(.outcomeUnknown, history("cancelled, and it may have been done"), mayBeDone: true)
      : make(.cancelled, history("the call was cancelled"))
  }

  func noToken(_ error: any Error, mayBeDone: Bool) -> SerialClientError {
    make(
      mayBeDone ? .outcomeUnknown : .noToken, history("there is no token: \(error)"),
      mayBeDone: mayBeDone)
  }

  private var refusedCode: SerialClientError.Code {
    guard let code = problem.flatMap({ SerialClientError.Code(rawValue: $0.code) }),
      code.isOfService
    else { return .refused }
    return code
  }

  private func history(_ summary: String) -> String {
    guard attemptCount > 0 else { return summary }
    let times = attemptCount == 1 ? "1 attempt" : "\(attemptCount) attempts"
    return "\(summary), after \(times):\n  " + accounts.joined(separator: "\n  ")
  }

  private func make(_ code: SerialClientError.Code, _ detail: String, mayBeDone: Bool = false)
    -> SerialClientError
  {
    SerialClientError(
      code, detail, status: refusal?.status, problem: problem, retryAfter: refusal?.retryAfter,
      idempotencyKey: key, mayBeDone: mayBeDone)
  }
}
