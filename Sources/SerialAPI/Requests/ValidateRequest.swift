import NIOCore

/// The body of `POST /api/serials/validate`.
struct ValidateRequest: Equatable {
  /// How many texts one request may hold.
  static let countLimit = 1000
  /// How long each may be, in Unicode scalars. The longest serial has 20.
  static let lengthLimit = 100

  let serials: [String]

  init(_ body: ByteBuffer) throws(Problem) {
    let fields = try BodyFields(body, known: ["serials"])
    guard case .array(let values) = fields.value("serials") else {
      throw .invalid("\"serials\" must be a list of strings.", field: "serials")
    }
    guard values.count <= Self.countLimit else {
      throw .invalid("\"serials\" holds more than \(Self.countLimit) entries.", field: "serials")
    }
    var serials: [String] = []
    serials.reserveCapacity(values.count)
    for (index, value) in values.enumerated() {
      guard case .string(let text) = value, text.unicodeScalars.count <= Self.lengthLimit else {
        throw .invalid(
          "\"serials\"[\(index)] must be a string of at most \(Self.lengthLimit) characters.",
          field: "serials")
      }
      serials.append(text)
    }
    self.serials = serials
  }
}
