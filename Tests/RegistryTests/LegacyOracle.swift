/// The rules of the migration, said once more without SQL: what each record has to become.
enum LegacyOracle {
  struct Record: Equatable {
    let id: Int
    let text: String?
    /// Minutes since 2024-01-01; nil where nothing tells.
    let minute: Int?
    /// The year that it was created in, where that counts.
    let year: Int?
  }

  struct Fate: Equatable {
    let serial: String
    let kept: Bool
  }

  /// Year and number of an old identifier, of the form of the kind.
  static func parse(_ text: String, long: String, short: Character) -> (year: Int, number: Int)? {
    func digits(_ text: some StringProtocol) -> Int? {
      !text.isEmpty && text.allSatisfy { ("0"..."9").contains($0) } ? Int(text) : nil
    }
    let pieces = text.split(separator: "-", omittingEmptySubsequences: false)
    if pieces.count == 3, pieces[0] == long, pieces[1].count == 4, pieces[2].count <= 9,
      let year = digits(pieces[1]), let number = digits(pieces[2])
    {
      return (year, number)
    }
    guard text.first == short, text.count == 9 || text.count == 10,
      let year = digits(text.dropFirst().prefix(4)), let number = digits(text.dropFirst(5))
    else { return nil }
    return (year, number)
  }

  static func older(_ left: (Int?, Int), _ right: (Int?, Int)) -> Bool {
    (left.0 ?? Int.max, left.1) < (right.0 ?? Int.max, right.1)
  }

  static func records(
    _ records: [Record], long: String, short: Character, running: Int
  ) -> [Int: Fate] {
    let sorted = records.sorted { older(($0.minute, $0.id), ($1.minute, $1.id)) }
    var owner: [Int: [Int: Int]] = [:]
    var fates: [Int: Fate] = [:]
    for record in sorted {
      guard let wish = record.text.flatMap({ parse($0, long: long, short: short) }),
        wish.year >= 2000, (1...99_999).contains(wish.number),
        owner[wish.year]?[wish.number] == nil
      else { continue }
      owner[wish.year, default: [:]][wish.number] = record.id
      fates[record.id] = Fate(serial: serial(short, wish.year, wish.number), kept: true)
    }
    let top = owner.mapValues { $0.keys.max() ?? 0 }
    for record in sorted where fates[record.id] == nil {
      let said = record.text.flatMap { parse($0, long: long, short: short) }?.year
      let year =
        record.year ?? said.flatMap { (2000...running + 1).contains($0) ? $0 : nil } ?? running
      let highest = top[year] ?? 0
      let order = highest < 99_999 ? Array(highest + 1...99_999) : []
      let lower = highest > 1 ? Array(1..<highest) : []
      guard let number = (order + lower).first(where: { owner[year]?[$0] == nil }) else { continue }
      owner[year, default: [:]][number] = record.id
      fates[record.id] = Fate(serial: serial(short, year, number), kept: false)
    }
    return fates
  }

  struct Child {
    let id: Int
    let parent: Int
    let wish: Int?
    let minute: Int?
  }

  /// The number of each child.
  static func children(_ children: [Child]) -> [Int: Int] {
    var numbers: [Int: Int] = [:]
    for siblings in Dictionary(grouping: children, by: \.parent).values {
      let sorted = siblings.sorted { older(($0.minute, $0.id), ($1.minute, $1.id)) }
      var used: Set<Int> = []
      for child in sorted {
        if let wish = child.wish, (1...9_999).contains(wish), used.insert(wish).inserted {
          numbers[child.id] = wish
        }
      }
      var next = (used.max() ?? 0) + 1
      for child in sorted where numbers[child.id] == nil {
        let number = next <= 9_999 ? next : (1...9_999).first { !used.contains($0) }
        if next <= 9_999 { next += 1 }
        guard let number else { continue }
        used.insert(number)
        numbers[child.id] = number
      }
    }
    return numbers
  }

  static func serial(_ prefix: Character, _ year: Int, _ number: Int) -> String {
    "\(prefix)\(year)" + padded(number, 5)
  }

  static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
