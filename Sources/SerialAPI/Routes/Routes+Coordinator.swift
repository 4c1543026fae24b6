import Allocator
import Logging

/// What a call of the coordinator is for: it decides what its failure means to a client.
enum CallPurpose: Sendable {
  /// Nothing was changed, whatever the failure.
  case reading
  /// Asking again as before is harmless.
  case change
  /// Asking again would make a second one, except with the same idempotency key.
  case creation(hasKey: Bool)

  /// The problem when there was no answer in time.
  var late: Problem {
    switch self {
    case .reading: .coordinatorSlow
    case .change: .operationUnknown
    case .creation(let hasKey): .creationUnknown(hasKey: hasKey)
    }
  }

  func problem(_ error: CoordinatorError) -> Problem {
    switch self {
    case .reading: Problem(reading: error)
    case .change: Problem(operating: error)
    case .creation(let hasKey):
      error.code == .outcomeUnknown
        ? .creationUnknown(hasKey: hasKey) : Problem(operating: error)
    }
  }
}

extension Routes {
  /// A call of the coordinator, within its time. A change that is late may still happen.
  func ask<Value: Sendable>(
    withinMilliseconds limit: Int, for purpose: CallPurpose,
    _ work: @escaping @Sendable () async throws(CoordinatorError) -> Value
  ) async throws(Problem) -> Value {
    let outcome = await Deadline.within(.milliseconds(limit)) {
      () -> Result<Value, CoordinatorError> in
      do throws(CoordinatorError) {
        return .success(try await work())
      } catch {
        return .failure(error)
      }
    }
    switch outcome {
    case .success(let value): return value
    case .failure(let error):
      log(error, for: purpose)
      throw purpose.problem(error)
    case nil:
      throw purpose.late
    }
  }

  private func log(_ error: CoordinatorError, for purpose: CallPurpose) {
    let metadata: Logger.Metadata = [
      "code": .string(error.code.rawValue), "reason": .string(error.detail),
    ]
    switch purpose {
    case .reading:
      dependencies.logger.log(
        level: error.code == .rejected ? .error : .debug, "reading the cluster failed",
        metadata: metadata)
    case .change, .creation:
      dependencies.logger.log(
        level: error.code == .rejected ? .error : .warning, "changing the cluster failed",
        metadata: metadata)
    }
  }
}
