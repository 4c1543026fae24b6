import Allocator
import Foundation
import HTTPTypes
import HummingbirdTesting
import LeaseCore
import SerialAuth
import SerialFormat
import Testing

@testable import SerialAPI

@Suite struct HistoryTests {
  static let job = Counter(kind: .job, year: 2026)

  let world: World
  let token: String

  init() async throws {
    world = try await World()
    token = try await world.token(.readCluster)
  }

  func get(_ path: String, from world: World? = nil) async throws -> Answer {
    try await (world ?? self.world).routed { client in
      try await client.send(.get, path, token: token)
    }
  }

  @Test func gaps() async throws {
    let answer = try await get("/api/gaps")
    #expect(
      answer.text == """
        {"gaps":[{"at":"2026-05-29T12:00:00.250Z","count":1,"first":17,\
        "first_serial":"J202600017","kind":"job","last":17,"last_serial":"J202600017",\
        "lease_id":null,"node":null,"reason":"a misprint","request_id":null,"state":"void",\
        "subject":null,"year":2026},\
        {"at":null,"count":10,"first":20,"first_serial":"J202600020","kind":"job","last":29,\
        "last_serial":"J202600029","lease_id":"11111111-2222-3333-4444-555555555555",\
        "node":"eu-1","reason":null,"request_id":"77777777-2222-3333-4444-555555555555",\
        "state":"unacknowledged","subject":"billing","year":2026}],"next":null}
        """)
    #expect(world.cluster.gapQueries == [GapQuery(kind: nil, year: nil, after: nil, limit: 100)])
  }

  @Test func gapsByPage() async throws {
    let first = try await get("/api/gaps?limit=2&kind=job&year=2026")
    #expect(first["next"] == .string("job-2026-29"))
    _ = try await get("/api/gaps?after=job-2026-29&limit=1000")
    #expect(
      world.cluster.gapQueries == [
        GapQuery(kind: .job, year: 2026, after: nil, limit: 2),
        GapQuery(kind: nil, year: nil, after: .init(counter: Self.job, number: 29), limit: 1000),
      ])
  }

  @Test func events() async throws {
    let block = try #require(Block(first: 1, last: 50))
    world.cluster.setEvents([
      EventEntry(
        id: 9, cursor: EventCursor(transaction: 700, id: 9), at: FakeCluster.noon,
        event: "granted", counter: Self.job, block: block, lease: FakeCluster.lease, node: "eu-1",
        bootID: FakeCluster.boot, detail: nil),
      EventEntry(
        id: 7, cursor: EventCursor(transaction: 701, id: 7), at: FakeCluster.noon,
        event: "quota-set", counter: nil, block: nil, lease: nil, node: nil, bootID: nil,
        detail: "{\"by\": \"ops\", \"per_minute\": 60, \"list\": [true, null, 1.5, {\"a\": \"b\"}]}"
      ),
      EventEntry(
        id: 8, cursor: EventCursor(transaction: 701, id: 8), at: FakeCluster.noon,
        event: "drain-requested", counter: nil, block: nil, lease: nil, node: "eu-1", bootID: nil,
        detail: "{broken"),
    ])
    let answer = try await get("/api/events")
    #expect(
      answer.text == """
        {"events":[{"at":"2026-05-29T12:00:00.250Z",\
        "boot_id":"99999999-2222-3333-4444-555555555555","detail":null,"event":"granted",\
        "first":1,"id":9,"kind":"job","last":50,\
        "lease_id":"11111111-2222-3333-4444-555555555555","node":"eu-1","year":2026},\
        {"at":"2026-05-29T12:00:00.250Z","boot_id":null,\
        "detail":{"by":"ops","list":[true,null,1.5,{"a":"b"}],"per_minute":60},\
        "event":"quota-set","first":null,"id":7,"kind":null,"last":null,"lease_id":null,\
        "node":null,"year":null},\
        {"at":"2026-05-29T12:00:00.250Z","boot_id":null,"detail":"{broken",\
        "event":"drain-requested","first":null,"id":8,"kind":null,"last":null,"lease_id":null,\
        "node":"eu-1","year":null}],"next":"701-8"}
        """)
    let page = try await get("/api/events?limit=1&after=700-9&event=quota-set&node=eu-1")
    #expect(page["next"] == .string("701-7"))
    #expect(try await get("/api/events?after=701-8").text == "{\"events\":[],\"next\":null}")
    #expect(
      world.cluster.eventQueries == [
        EventQuery(limit: 100),
        EventQuery(
          after: EventCursor(transaction: 700, id: 9), limit: 1, event: "quota-set", node: "eu-1"),
        EventQuery(after: EventCursor(transaction: 701, id: 8), limit: 100),
      ])
  }

  @Test(arguments: [
    ("gaps?kind=jobs", "\"kind\" is \"jobs\": expected job or target."),
    ("gaps?kind=", "\"kind\" is \"\": expected job or target."),
    ("gaps?year=26", "\"year\" is \"26\": expected a year from 2000 to 9999."),
    ("gaps?year=2026.0", "\"year\" is \"2026.0\": expected a year from 2000 to 9999."),
    ("gaps?limit=0", "\"limit\" is \"0\": expected a whole number from 1 to 1000."),
    ("gaps?limit=1001", "\"limit\" is \"1001\": expected a whole number from 1 to 1000."),
    ("events?limit=-1", "\"limit\" is \"-1\": expected a whole number from 1 to 1000."),
    ("events?limit=", "\"limit\" is \"\": expected a whole number from 1 to 1000."),
    ("events?limit=1e2", "\"limit\" is \"1e2\": expected a whole number from 1 to 1000."),
    ("events?limit=%D9%A1", "\"limit\" is \"\u{661}\": expected a whole number from 1 to 1000."),
    (
      "events?limit=99999999999999999999",
      "\"limit\" is \"99999999999999999999\": expected a whole number from 1 to 1000."
    ),
    (
      "events?event=Granted%00",
      "\"event\" is \"Granted\u{0}\": "
        + "expected a name of lower-case letters and hyphens, such as granted."
    ),
    (
      "events?node=EU",
      "\"node\" is \"EU\": expected a lower-case letter, then up to 62 lower-case letters, "
        + "digits and hyphens."
    ),
    (
      "gaps?colour=red",
      "Unknown query parameter \"colour\"; this request takes \"kind\", \"year\", \"after\", "
        + "\"limit\"."
    ),
    (
      "events?kind=job",
      "Unknown query parameter \"kind\"; this request takes \"after\", \"limit\", \"event\", "
        + "\"node\"."
    ),
    ("gaps?limit=5&limit=5", "The query parameter \"limit\" comes twice."),
    ("gaps?limit=5&l%69mit=6", "The query parameter \"limit\" comes twice."),
    ("gaps?limit", "\"limit\" is no query parameter: expected name=value."),
    ("gaps?limit=5&", "\"\" is no query parameter: expected name=value."),
    ("gaps?%FF=5", "\"%FF=5\" is no query parameter: expected name=value."),
    ("gaps?kind=%F", "\"kind=%F\" is no query parameter: expected name=value."),
    ("verify?deep=1", "This request takes no query parameters."),
    ("quotas?subject=x", "This request takes no query parameters."),
    ("grants?x", "This request takes no query parameters."),
  ])
  func queriesAreRefused(path: String, detail: String) async throws {
    let answer = try await get("/api/\(path)")
    #expect(answer.status == .badRequest)
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer.detail == detail)
    #expect(world.cluster.gapQueries.isEmpty && world.cluster.eventQueries.isEmpty)
  }

  @Test(arguments: [
    "", "x", "job", "job-2026", "job-2026-", "job-2026-0", "job-2026-100000", "job-1999-1",
    "job-2026-1-1", "job--2026-1", "Job-2026-1", "job-2026-01", "job-2026-+1", "execution-2026-1",
    "700-9", "job-2026-%D9%A1",
  ])
  func cursorsOfGapsAreRefused(cursor: String) async throws {
    let answer = try await get("/api/gaps?after=\(cursor)")
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer["field"] == .string("after"))
    #expect(world.cluster.gapQueries.isEmpty)
  }

  @Test(arguments: [
    "", "7", "7-", "-7", "7-8-9", "a-b", "7-8a", "07-8", "7-+8", "--", "7--8",
    "99999999999999999999-1", "job-2026-1", "%D9%A1-1",
  ])
  func cursorsOfEventsAreRefused(cursor: String) async throws {
    let answer = try await get("/api/events?after=\(cursor)")
    #expect(answer.problemCode() == "invalid-request")
    #expect(answer["field"] == .string("after"))
    #expect(world.cluster.eventQueries.isEmpty)
  }

  @Test func everyCursorIsReadAsItWasWritten() throws {
    for number in [1, 17, 99_999] {
      for kind in CounterKind.allCases {
        let place = GapQuery.Place(counter: Counter(kind: kind, year: 9999), number: number)
        #expect(GapQuery.Place(cursor: place.cursor) == place)
      }
    }
    for cursor in [EventCursor.start, EventCursor(transaction: .max, id: .max)] {
      #expect(EventCursor(cursor: cursor.cursor) == cursor)
    }
  }

  @Test func verify() async throws {
    #expect(
      try await get("/api/verify").text == "{\"agrees\":true,\"disagreements\":[]}")
    world.cluster.setDisagreements([
      Disagreement(
        check: "issued-without-line", counter: Self.job, block: Block(first: 3, last: 4),
        detail: "2 numbers"),
      Disagreement(check: "whole", counter: nil, block: nil, detail: "odd"),
    ])
    let answer = try await get("/api/verify")
    #expect(answer.status == .ok)
    #expect(
      answer.text == """
        {"agrees":false,"disagreements":[{"check":"issued-without-line","detail":"2 numbers",\
        "first":3,"kind":"job","last":4,"year":2026},{"check":"whole","detail":"odd",\
        "first":null,"kind":null,"last":null,"year":null}]}
        """)
  }

  @Test func quotas() async throws {
    #expect(
      try await get("/api/quotas").text == """
        {"quotas":[{"per_minute":null,"per_year":5000,"subject":"billing",\
        "used_this_minute":0,"used_this_year":0},{"per_minute":60,"per_year":null,\
        "subject":"loop","used_this_minute":59,"used_this_year":4000}]}
        """)
  }

  @Test func grants() async throws {
    #expect(
      try await get("/api/grants").text == """
        {"closed_at":null,"generation":1,"open":true,"opens_at":null,"reason":null,\
        "synchronous_failover":false,"wait_milliseconds":30000,"waiting_for":[]}
        """)
    world.cluster.setGrants(
      GrantState(
        generation: 4, grantsAreOpen: false, reason: "new-timeline", closedAt: FakeCluster.noon,
        opensAt: FakeCluster.noon, waitingFor: ["us-1", "eu-1"], waitMilliseconds: 5,
        failoverIsSynchronous: true))
    #expect(
      try await get("/api/grants").text == """
        {"closed_at":"2026-05-29T12:00:00.250Z","generation":4,"open":false,\
        "opens_at":"2026-05-29T12:00:00.250Z","reason":"new-timeline",\
        "synchronous_failover":true,"wait_milliseconds":5,"waiting_for":["eu-1","us-1"]}
        """)
  }

  @Test(.timeLimit(.minutes(1))) func scansMayTakeLonger() async throws {
    world.cluster.hang(true)
    let world = world.limited {
      $0.readMilliseconds = 3_600_000
      $0.scanMilliseconds = 20
    }
    for path in ["/api/gaps", "/api/verify"] {
      #expect(try await get(path, from: world).problemCode() == "coordinator-unavailable")
    }
  }
}
