public import Foundation

/// How the service writes JSON: times in ISO 8601, UTC. The records have the service's keys.
public enum ClientJSON {
  private static let withFractions = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
  private static let withoutFractions = Date.ISO8601FormatStyle()

  public static func encode(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      try container.encode(text(date))
    }
    return try encoder.encode(value)
  }

  public static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      let text = try container.decode(String.self)
      if let date = try? withFractions.parse(text) { return date }
      if let date = try? withoutFractions.parse(text) { return date }
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "\(text.prefix(40)) is no time")
    }
    return try decoder.decode(type, from: data)
  }

  /// A time as `2026-01-31T12:00:00.000Z`.
  static func text(_ date: Date) -> String { date.formatted(withFractions) }
}
