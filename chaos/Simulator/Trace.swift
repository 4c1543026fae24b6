/// What happened in a simulation, line by line. The hash (FNV-1a, 64 bits) is always kept, the
/// lines only when somebody wants to read them.
struct Trace {
  private(set) var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  private(set) var lines: [String] = []
  let keepsLines: Bool

  init(keepsLines: Bool) { self.keepsLines = keepsLines }

  mutating func add(_ line: String) {
    var hash = self.hash
    for byte in line.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    self.hash = (hash ^ 0x0A) &* 0x100_0000_01B3
    if keepsLines { lines.append(line) }
  }
}
