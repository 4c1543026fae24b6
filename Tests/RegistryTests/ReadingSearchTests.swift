import DatabaseFixture
import LibPQ
import Records
import Registry
import SerialFormat
import Testing

extension ReadingTests {
  struct Search: ReadingSuite {
    private let everything = Set(SerialKind.allCases)

    /// All pages of a search, three hits each.
    private func search(
      _ reading: PostgresRecordReading, _ text: String, _ kinds: Set<SerialKind>? = nil
    ) async throws -> [String] {
      var found: [String] = []
      var after: RecordCursor?
      repeat {
        let query = SearchQuery(text: text, kinds: kinds ?? everything, limit: 3, after: after)
        let page = try await reading.search(query)
        #expect(page.elements.count == 3 || page.next == nil)
        found += page.elements.map(\.serial.description)
        after = try page.next.map { try #require(RecordCursor(parsing: $0.text)) }
        if let after { #expect(query.accepts(after)) }
      } while after != nil
      return found
    }

    @Test func serialsByTheirBeginning() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        #expect(
          try await search(reading, "J2025", [.job, .execution]) == [
            "J202500001", "J202500002", "J202500001.0001", "J202500001.0002", "J202500001.0003",
            "J202500002.0001",
          ])
        #expect(
          try await search(reading, "J202500001.0002") == [
            "J202500001.0002", "J202500001.0002.0001", "J202500001.0002.0002",
            "J202500001.0002.0003", "J202500001.0002.0004",
          ])
        #expect(
          try await search(reading, "J202500001.0003.001", [.branch])
            == (0...5).map { "J202500001.0003.001\($0)" })
        #expect(try await search(reading, "J202500001.0003.0015") == ["J202500001.0003.0015"])
        #expect(try await search(reading, "T2025").count == 4)
        #expect(try await search(reading, "T2025", [.job]) == [])
        #expect(try await search(reading, "J2").count == 3 + 4 + 4 + 4 + 15 + 1)
        #expect(try await search(reading, "J202500009") == [])
      }
    }

    @Test func aHitSaysWhatItIs() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        let found = try await reading.search(
          SearchQuery(text: "J202500001.0003.0015", kinds: everything))
        let hit = try #require(found.elements.first)
        #expect(hit.serial == .branch(branch("J202500001.0003.0015")))
        #expect(hit.jobName == "System Update")
        #expect(hit.targetName == "Production server")
        #expect(hit.targetSerial == target("T202500045"))
        #expect(hit.status == "failed")
        let parent = try await reading.search(
          SearchQuery(text: "J202500001.0003", kinds: [.execution]))
        #expect(parent.elements.first?.jobName == "System Update")
        #expect(parent.elements.first?.targetName == nil)
      }
    }

    @Test func namesOfJobsFindTheirExecutionsTheNewestFirst() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        #expect(
          try await search(reading, "sYsTeM", [.job, .execution]) == [
            "J202600001", "J202500001", "J202500001.0003", "J202500001.0002", "J202500001.0001",
          ])
        let all = try await search(reading, "system")
        #expect(all.count == 2 + 3 + 23)
        #expect(Set(all).count == all.count)
        #expect(all[5] == "J202500001.0003.0015")
        #expect(all.last == "J202500001.0001.0001")
        #expect(try await search(reading, "100% b", [.job]) == ["J202500002"])
        #expect(try await search(reading, "1__% b") == [])
        #expect(try await search(reading, "no such name") == [])
        #expect(try await search(reading, "sys\u{0}tem") == [])
      }
    }

    @Test func namesOfTargetsFindWhatRanOnThem() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        #expect(
          try await search(reading, "production server") == [
            "T202500045", "J202500001.0003", "J202500001.0002", "J202500001.0001",
            "J202500001.0003.0015", "J202500001.0002.0004", "J202500001.0001.0004",
          ])
        // So does the whole serial of a target, and its old identifier.
        let byName = try await search(reading, "production server")
        #expect(try await search(reading, "T202500045") == byName)
        #expect(try await search(reading, "TGT-2025-000045") == byName)
      }
    }

    @Test func shortTextsAreTheBeginningOfNames() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        #expect(try await search(reading, "w", [.job, .target]) == ["T202500002", "T202500001"])
        #expect(try await search(reading, "SY", [.job]) == ["J202600001", "J202500001"])
        // "pd" stands in "Update", "ga" begins "gateway".
        #expect(try await search(reading, "pd") == [])
        #expect(try await search(reading, "ga", [.target]) == ["T202500003"])
        #expect(try await search(reading, "%") == [])
        #expect(try await search(reading, "J", [.job]) == [])
      }
    }

    @Test func oldIdentifiersFindTheirRecordAndWhatIsBelowIt() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        #expect(try await search(reading, "JOB-2025-000001", [.job]) == ["J202500001"])
        #expect(
          try await search(reading, "JOB-2025-000001") == search(reading, "J202500001"))
        // It looks like the beginning of ten serials too.
        #expect(
          try await search(reading, "J20250002") == [
            "J202500002", "J202500002.0001", "J202500002.0001.0001",
          ])
      }
    }

    @Test func pagesGoOnWhileRecordsCome() async throws {
      try await ReadingData.withReading { reading, database async throws in
        let first = try await reading.search(
          SearchQuery(text: "J202500001", kinds: everything, limit: 2))
        #expect(first.elements.map(\.serial.kind) == [.job, .execution])
        try await ReadingData.insert(
          """
          INSERT INTO public.job_executions (id, job_id, execution_number, execution_serial)
            VALUES (70, 1, 4, 'J202500001.0004')
          """, into: database)
        let second = try await reading.search(
          SearchQuery(text: "J202500001", kinds: everything, limit: 4, after: first.next))
        #expect(
          second.elements.map(\.serial.description) == [
            "J202500001.0002", "J202500001.0003", "J202500001.0004", "J202500001.0001.0001",
          ])
      }
    }

    @Test func whatATextAsksFor() {
      let serials = ["J2", "J9999", "J202500001", "J202500001.", "J202500001.0001.0", "T2025"]
      for text in serials { #expect(SearchQuery.Text(text) == .beginning(text)) }
      #expect(SearchQuery.Text("T202500045") == .target(target("T202500045")))
      let names = [
        "J", "T", "J1", "j2025", "J2025000011", "J20250000100", "J2025.", "T202500001.", "J2EE",
        "J202500001.0001.00011", "JOB-2025-000001", "",
      ]
      for text in names { #expect(SearchQuery.Text(text) == .name(text)) }
    }
  }
}
