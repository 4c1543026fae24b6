import Foundation
public import SerialFormat

extension SerialClient {
  /// Issues job serials, 1...1,000 of them. Only administrators may name a year.
  public func allocateJobs(
    count: Int = 1, year: Int? = nil, _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> Allocation<JobSerial> {
    try await run(allocation("/api/serials/jobs", count, year), options)
  }

  /// Issues target serials, 1...1,000 of them. Only administrators may name a year.
  public func allocateTargets(
    count: Int = 1, year: Int? = nil, _ options: CallOptions = CallOptions()
  ) async throws(SerialClientError) -> Allocation<TargetSerial> {
    try await run(allocation("/api/serials/targets", count, year), options)
  }

  /// How full the counters are.
  public func capacity(_ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> [CounterCapacity]
  {
    struct Body: Decodable { let counters: [CounterCapacity] }
    return try await run(.get("/api/capacity"), options, as: Body.self).counters
  }

  /// Whether texts are serials, by the rules of the service; `Serial(parsing:)` says it without one.
  public func validate(_ texts: [String], _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> [Verdict]
  {
    struct Body: Decodable { let results: [Verdict] }
    let call = try ClientCall.json(
      .post, "/api/serials/validate", ["serials": texts], effect: .read)
    return try await run(call, options, as: Body.self).results
  }

  private func allocation(_ path: String, _ count: Int, _ year: Int?)
    throws(SerialClientError) -> ClientCall
  {
    struct Body: Encodable {
      let count: Int
      let year: Int?
    }
    return try .json(.post, path, Body(count: count, year: year), effect: .create)
  }
}

extension ClientCall {
  /// A call with a body.
  package static func json(
    _ method: Method, _ path: String, _ value: some Encodable, effect: Effect
  )
    throws(SerialClientError) -> ClientCall
  {
    do {
      return ClientCall(method, path, body: try ClientJSON.encode(value), effect: effect)
    } catch {
      throw SerialClientError(.invalidRequest, "the request cannot be written: \(error)")
    }
  }
}
