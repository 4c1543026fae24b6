public import SerialFormat

extension SerialClient {
  /// What the service knows of a serial, with its record when there is one.
  public func detail(of serial: Serial, _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> SerialDetail
  { try await run(.get("/api/serials/\(serial)"), options) }

  public func job(_ serial: JobSerial, _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> JobRecord
  { try await job(.serial(serial), options) }

  public func job(_ name: JobName, _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> JobRecord
  { try await run(.get("/api/jobs/\(name.text)"), options) }

  public func target(_ serial: TargetSerial, _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> TargetRecord
  { try await run(.get("/api/targets/\(serial)"), options) }

  /// With its job and its first 1,000 branches.
  public func execution(_ serial: ExecutionSerial, _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> ExecutionDetail
  { try await run(.get("/api/executions/serial/\(serial)"), options) }

  /// With whole outputs, its job and its target.
  public func branch(_ serial: BranchSerial, _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> BranchRecord
  { try await run(.get("/api/executions/branch/\(serial)"), options) }

  /// Records of any kinds, in the order asked; 1...1,000 serials. Branches come with the beginnings
  /// of long outputs.
  public func lookUp(_ serials: [Serial], _ options: CallOptions = CallOptions())
    async throws(SerialClientError) -> [LookedUp]
  {
    struct Body: Decodable { let results: [LookedUp] }
    let call = try ClientCall.json(
      .post, "/api/executions/bulk", ["serials": serials], effect: .read)
    return try await run(call, options, as: Body.self).results
  }
}
