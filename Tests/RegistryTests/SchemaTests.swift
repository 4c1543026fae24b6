import DatabaseFixture
import LibPQ
import Testing

struct SchemaTests {
  @Test func aNewDatabaseIsReady() async throws {
    let database = try await Fixture.shared.database()
    #expect(try await database.sql("SELECT state FROM serial.registry").hasPrefix("ready"))
  }
}
