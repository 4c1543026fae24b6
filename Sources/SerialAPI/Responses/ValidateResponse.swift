import SerialFormat

/// The answer of `POST /api/serials/validate`: one result for each text, in the order received.
struct ValidateResponse: Encodable, Sendable {
  struct Result: Encodable, Sendable {
    let serial: String
    let valid: Bool
    /// Which of the four it is; null for what is not valid.
    let kind: Nullable<String>
    /// What is wrong with it; null for what is valid.
    let reason: Nullable<String>
  }

  let results: [Result]

  init(_ request: ValidateRequest) {
    results = request.serials.map { text in
      do throws(SerialError) {
        let serial = try Serial(parsing: text)
        return Result(
          serial: text, valid: true, kind: Nullable(serial.kind.rawValue), reason: Nullable(nil))
      } catch {
        return Result(
          serial: text, valid: false, kind: Nullable(nil), reason: Nullable(error.description))
      }
    }
  }
}
