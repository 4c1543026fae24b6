import Records
import Testing

struct RecordStatusTests {
  @Test(arguments: RecordStatus.allCases, RecordStatus.allCases)
  func statusGoesForwardOnly(from: RecordStatus, to: RecordStatus) {
    let order: [RecordStatus: Int] = [
      .scheduled: 0, .running: 1, .completed: 2, .failed: 2, .cancelled: 2,
    ]
    let expected = !from.isFinal && (order[to] ?? 0) >= (order[from] ?? 0)
    #expect(from.mayBecome(to) == expected)
  }

  @Test(
    arguments: [
      ([], nil), ([.scheduled, .scheduled], .scheduled), ([.scheduled, .running], .running),
      ([.scheduled, .completed], .running), ([.completed, .completed], .completed),
      ([.completed, .cancelled], .cancelled), ([.cancelled, .failed, .completed], .failed),
      ([.cancelled, .cancelled], .cancelled), ([.running, .failed], .running),
    ] as [([RecordStatus], RecordStatus?)])
  func executionFollowsItsBranches(branches: [RecordStatus], expected: RecordStatus?) {
    #expect(RecordStatus.following(branches) == expected)
  }
}

struct RecordCursorTests {
  @Test(arguments: ["web 1", "", "=-", "é 漢", "-"] as [String?] + [nil])
  func cursorComesBackAsItWas(key: String?) throws {
    let cursor = RecordCursor(order: "name-descending", key: key, id: 17)
    #expect(RecordCursor(parsing: cursor.text) == cursor)
  }

  @Test(arguments: ["", "0", "zz", "6e", "6e20", "20", "6e202d31202d", "6e2031203d ", "FF"])
  func whatThisServiceDidNotMakeIsNoCursor(text: String) {
    #expect(RecordCursor(parsing: text) == nil)
  }
}
