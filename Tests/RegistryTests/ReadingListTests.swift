import Allocator
import DatabaseFixture
import LibPQ
import Records
import Registry
import SerialFormat
import Testing

extension ReadingTests {
  struct List: ReadingSuite {
    @Test(arguments: JobQuery.Sort.allCases, [false, true])
    func pagesOfJobsMakeTheWholeList(sort: JobQuery.Sort, isDescending: Bool) async throws {
      try await ReadingData.withReading { reading, database async throws in
        // Ten more, three of one name and one moment: only the id tells them apart.
        try await ReadingData.insert(
          """
          INSERT INTO public.jobs (id, job_serial, name, created_by, created_at)
            SELECT n, 'J2024' || lpad((100 - n)::text, 5, '0'), 'Name ' || n / 3, 1,
              timestamptz '2024-05-05 05:05:05.123457+00' + n / 3 * interval '1 microsecond'
            FROM generate_series(10, 19) n
          """, into: database)
        let order =
          switch sort {
          case .createdAt: "created_at, id"
          case .jobSerial: "job_serial COLLATE \"C\""
          case .name: "name, id"
          }
        let expected = try await database.sql("SELECT id FROM public.jobs ORDER BY \(order)")
          .split(separator: "\n").compactMap { Int($0) }
        var seen: [Int] = []
        var after: RecordCursor?
        repeat {
          let page = try await reading.jobs(
            JobQuery(sort: sort, isDescending: isDescending, after: after, limit: 4))
          #expect(page.elements.count == 4 || page.next == nil)
          seen += page.elements.map(\.id)
          after = try page.next.map { try #require(RecordCursor(parsing: $0.text)) }
        } while after != nil
        #expect(expected.count == 13)
        #expect(seen == (isDescending ? expected.reversed() : expected))
      }
    }

    @Test(arguments: TargetQuery.Sort.allCases, [false, true])
    func pagesOfTargetsMakeTheWholeList(sort: TargetQuery.Sort, isDescending: Bool) async throws {
      try await ReadingData.withSharedReading { reading async throws in
        let whole = try await reading.targets(
          TargetQuery(sort: sort, isDescending: isDescending, limit: 10))
        #expect(whole.elements.count == 4)
        #expect(whole.next == nil)
        let first = try await reading.targets(
          TargetQuery(sort: sort, isDescending: isDescending, limit: 3))
        #expect(first.next != nil)
        let second = try await reading.targets(
          TargetQuery(
            sort: sort, isDescending: isDescending, after: first.next, limit: 3))
        #expect(first.elements + second.elements == whole.elements)
        #expect(second.next == nil)
      }
    }

    @Test func rowsThatComeInBetweenMoveNothing() async throws {
      try await ReadingData.withReading { reading, database async throws in
        let first = try await reading.jobs(JobQuery(limit: 2))
        #expect(first.elements.map(\.id) == [3, 2])
        try await ReadingData.insert(
          """
          INSERT INTO public.jobs (id, job_serial, name, created_by, created_at) VALUES
            (50, 'J202600050', 'newer', 1, now()),
            (51, 'J202400051', 'older', 1, now() - interval '80 days')
          """, into: database)
        #expect(first.next != nil)
        let second = try await reading.jobs(JobQuery(after: first.next, limit: 2))
        #expect(second.elements.map(\.id) == [1, 51])
        #expect(second.next == nil)
      }
    }

    @Test func filtersOfJobs() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        func ids(_ query: JobQuery) async throws -> [Int] {
          try await reading.jobs(query).elements.map(\.id)
        }
        #expect(try await ids(JobQuery(status: .running)) == [1])
        #expect(try await ids(JobQuery(jobType: .command)) == [3, 2])
        #expect(try await ids(JobQuery(status: .draft, jobType: .script)) == [])
        #expect(try await ids(JobQuery(name: "SYSTEM")) == [3, 1])
        #expect(try await ids(JobQuery(status: .draft, name: "system", sort: .name)) == [3])
        // Signs of patterns stand for themselves, also below an accent.
        #expect(try await ids(JobQuery(name: "100% b")) == [2])
        #expect(try await ids(JobQuery(name: "1_0% b")) == [])
        #expect(try await ids(JobQuery(name: "%\u{301}")) == [])
        #expect(try await ids(JobQuery(name: "\\")) == [])
        let first = try await reading.jobs(JobQuery(name: "system", sort: .jobSerial, limit: 1))
        #expect(first.elements.map(\.id) == [3])
        let next = JobQuery(name: "system", sort: .jobSerial, after: first.next, limit: 1)
        #expect(try await ids(next) == [1])
      }
    }

    @Test func filtersOfTargets() async throws {
      try await ReadingData.withReading { reading, database async throws in
        try await ReadingData.insert(
          "UPDATE public.universal_targets SET is_active = false, region = 'eu' WHERE id = 3",
          into: database)
        func ids(_ query: TargetQuery) async throws -> [Int] {
          try await reading.targets(query).elements.map(\.id)
        }
        #expect(try await ids(TargetQuery(osType: "linux", isDescending: false)) == [1, 2, 45])
        #expect(try await ids(TargetQuery(environment: "production", sort: .name)) == [2, 45])
        #expect(try await ids(TargetQuery(region: "eu")) == [3])
        #expect(try await ids(TargetQuery(isActive: true, isDescending: false)) == [1, 2, 45])
        #expect(try await ids(TargetQuery(isActive: false)) == [3])
        #expect(try await ids(TargetQuery(status: "gone")) == [])
        #expect(try await ids(TargetQuery(osType: "linux", name: "WEB")) == [2, 1])
      }
    }

    @Test func cursorsOfOtherListsAreRefused() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        let next = try #require(try await reading.jobs(JobQuery(limit: 1)).next)
        #expect(JobQuery().accepts(next))
        let foreign = [
          JobQuery(sort: .name, after: next), JobQuery(isDescending: false, after: next),
          JobQuery(after: RecordCursor(order: next.order, key: "2026-01-01", id: 1)),
          JobQuery(after: RecordCursor(order: next.order, key: nil, id: 1)),
          JobQuery(after: RecordCursor(order: next.order, key: "1", id: 2_147_483_648)),
          JobQuery(
            sort: .name, after: RecordCursor(order: "name-descending", key: "a\u{0}", id: 1)),
        ]
        for query in foreign {
          #expect(query.after.map(query.accepts) == false)
          let error = await #expect(throws: CoordinatorError.self) {
            try await reading.jobs(query)
          }
          #expect(error?.code == .rejected)
        }
        let text = SearchQuery(
          text: "J2025", kinds: [.job],
          after: RecordCursor(order: "names", key: "J202500001", id: 0))
        await #expect(throws: CoordinatorError.self) { try await reading.search(text) }
        // The longest name in the widest signs still makes a cursor that can be read again.
        let widest = RecordCursor(
          order: "name-descending", key: String(repeating: "\u{1F600}", count: 255),
          id: 2_147_483_647)
        #expect(RecordCursor(parsing: widest.text) == widest)
      }
    }

    @Test func childrenByNumberBothWays() async throws {
      try await ReadingData.withSharedReading { reading async throws in
        let parent = job("J202500001")
        func numbers(_ query: ChildQuery) async throws -> [Int] {
          try await reading.executions(of: parent, query).elements.map(\.serial.number)
        }
        #expect(try await numbers(ChildQuery()) == [1, 2, 3])
        #expect(try await numbers(ChildQuery(after: 1)) == [2, 3])
        #expect(try await numbers(ChildQuery(isDescending: true)) == [3, 2, 1])
        #expect(try await numbers(ChildQuery(isDescending: true, after: 3)) == [2, 1])
        #expect(try await numbers(ChildQuery(status: .failed)) == [3])
        #expect(try await numbers(ChildQuery(after: 9_999)) == [])
        let page = try await reading.executions(of: parent, ChildQuery(limit: 2))
        #expect(page.next == RecordCursor(order: "number", key: nil, id: 2))
        #expect(page.elements.map(\.branchCount) == [4, 4])

        let results = try await reading.branches(
          of: execution("J202500001.0003"), ChildQuery(after: 10, limit: 4))
        #expect(results.elements.map(\.serial.number) == [11, 12, 13, 14])
        #expect(results.next?.id == 14)
        let rest = try await reading.branches(
          of: execution("J202500001.0003"), ChildQuery(after: 14, limit: 4))
        #expect(rest.elements.map(\.serial.number) == [15])
        #expect(rest.next == nil)
        // The job of the next number has children of its own.
        #expect(
          try await reading.executions(of: job("J202500002"), ChildQuery()).elements.count == 1)
        #expect(
          try await reading.executions(of: job("J202599999"), ChildQuery()).elements.isEmpty)
      }
    }
  }
}
