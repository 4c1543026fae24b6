internal import FoundationEssentials

/// A line of the file: checksum (8 hexadecimal digits), length of the text in bytes, the text
/// (JSON) and a line feed, with single spaces between. The length tells a line that was cut off,
/// which a crash leaves behind, from one that was damaged.
enum JournalLine {
  /// Why a line cannot be read.
  enum Fault: Error, Equatable {
    /// It is the beginning of a line.
    case torn
    case damaged
  }

  private static let digits = 8
  /// A header is not longer: checksum, space, seven digits of a length, space.
  private static let longestHeader = digits + 1 + 7 + 1

  static func bytes(of entry: JournalEntry) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = try encoder.encode(entry)
    let checksum = String(Checksum.of(text), radix: 16)
    let padded = String(repeating: "0", count: digits - checksum.count) + checksum
    return Array("\(padded) \(text.count) ".utf8) + text + [UInt8(ascii: "\n")]
  }

  /// Reads a line without its line feed.
  static func entry(of line: ArraySlice<UInt8>) throws(Fault) -> JournalEntry {
    let parts = line.split(
      separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw line.count < longestHeader ? .torn : .damaged }
    guard parts[0].count == digits,
      let checksum = UInt32(String(decoding: parts[0], as: UTF8.self), radix: 16),
      let length = Int(String(decoding: parts[1], as: UTF8.self)), length > 0
    else { throw .damaged }
    let text = parts[2]
    if text.count < length { throw .torn }
    guard text.count == length, Checksum.of(text) == checksum,
      let entry = try? JSONDecoder().decode(JournalEntry.self, from: Data(text))
    else { throw .damaged }
    return entry
  }
}

/// CRC-32 as in IEEE 802.3: finds every damage of up to 32 bits in a row.
enum Checksum {
  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in
      value & 1 == 1 ? (value >> 1) ^ 0xEDB8_8320 : value >> 1
    }
  }

  static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~0) { value, byte in
      (value >> 8) ^ table[Int((value ^ UInt32(byte)) & 0xFF)]
    }
  }
}
