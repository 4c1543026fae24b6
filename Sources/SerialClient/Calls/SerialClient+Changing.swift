public import Foundation
public import SerialFormat

extension SerialClient {
  /// Changes a branch; its execution's status follows. The same change again is answered alike.
  public func change(
    _ branch: BranchSerial, _ change: BranchChange, _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> BranchRecord {
    let path = "/api/executions/branch/\(branch)"
    return try await run(.json(.patch, path, change, effect: .change), options)
  }

  /// Changes an execution. The same change again is answered alike.
  public func change(
    _ execution: ExecutionSerial, _ change: ExecutionChange, _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> ExecutionRecord {
    try await run(.json(.patch, "/api/executions/\(execution)", change, effect: .change), options)
  }

  /// Removes the outputs of results that were finished before a time, `limit` at most
  /// (1...10,000); everything else of them stays. Returns how many results lost their outputs by
  /// this call: an attempt whose answer was lost is not in it.
  public func purgeOutputs(
    finishedBefore time: Date, limit: Int = 1_000, _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> Int {
    struct Request: Encodable {
      let before: Date
      let limit: Int
    }
    struct Body: Decodable { let purged: Int }
    let call = try ClientCall.json(
      .post, "/api/outputs/purge", Request(before: time, limit: limit), effect: .change)
    return try await run(call, options, as: Body.self).purged
  }
}
