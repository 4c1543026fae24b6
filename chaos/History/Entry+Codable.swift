/// `{"operation": {...}}`: the name of the case, and its value.
extension Entry: Codable {
  private enum Key: String, CodingKey, CaseIterable {
    case run, operation, fault, ledger, holdings, demand, final, disagreements, end
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    guard container.allKeys.count == 1, let key = container.allKeys.first else {
      let names = Key.allCases.map(\.rawValue).joined(separator: ", ")
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "expected one of: \(names)"))
    }
    func value<Value: Decodable>() throws -> Value {
      try container.decode(Value.self, forKey: key)
    }
    switch key {
    case .run: self = .run(try value())
    case .operation: self = .operation(try value())
    case .fault: self = .fault(try value())
    case .ledger: self = .ledger(try value())
    case .holdings: self = .holdings(try value())
    case .demand: self = .demand(try value())
    case .final: self = .final(try value())
    case .disagreements: self = .disagreements(try value())
    case .end: self = .end(try value())
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .run(let value): try container.encode(value, forKey: .run)
    case .operation(let value): try container.encode(value, forKey: .operation)
    case .fault(let value): try container.encode(value, forKey: .fault)
    case .ledger(let value): try container.encode(value, forKey: .ledger)
    case .holdings(let value): try container.encode(value, forKey: .holdings)
    case .demand(let value): try container.encode(value, forKey: .demand)
    case .final(let value): try container.encode(value, forKey: .final)
    case .disagreements(let value): try container.encode(value, forKey: .disagreements)
    case .end(let value): try container.encode(value, forKey: .end)
    }
  }
}

/// `{"ok": ["J202600001"]}`, `{"failed": "recalling"}`, `{"unknown": "connection lost"}`.
extension Outcome: Codable {
  private enum Key: String, CodingKey {
    case ok, failed, unknown
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    switch container.allKeys {
    case [.ok]: self = .ok(try container.decode([String].self, forKey: .ok))
    case [.failed]: self = .failed(try container.decode(String.self, forKey: .failed))
    case [.unknown]: self = .unknown(try container.decode(String.self, forKey: .unknown))
    default:
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "expected ok, failed or unknown"))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    switch self {
    case .ok(let serials): try container.encode(serials, forKey: .ok)
    case .failed(let code): try container.encode(code, forKey: .failed)
    case .unknown(let reason): try container.encode(reason, forKey: .unknown)
    }
  }
}
