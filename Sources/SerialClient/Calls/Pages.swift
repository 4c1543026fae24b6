/// Where a page of a list ended. It is sent back as it came, and means nothing else.
public struct PageCursor: Sendable, Equatable, Decodable {
  public let text: String

  /// The service writes numbers or texts.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let number = try? container.decode(Int.self) {
      text = String(number)
    } else {
      text = try container.decode(String.self)
    }
  }
}

/// A part of a list, and where the next one starts.
public struct Page<Element: Sendable>: Sendable {
  public let elements: [Element]
  /// Nil when this is the last.
  public let next: PageCursor?
}

/// A list that is fetched page by page while it is read. Each page is one call with the deadline and
/// the repeating of a call; what is created meanwhile may or may not be in it.
public struct Pages<Element: Sendable>: AsyncSequence, Sendable {
  public typealias Failure = SerialClientError

  let fetch: @Sendable (PageCursor?) async throws(SerialClientError) -> Page<Element>

  public func makeAsyncIterator() -> Iterator { Iterator(fetch: fetch) }

  public struct Iterator: AsyncIteratorProtocol {
    let fetch: @Sendable (PageCursor?) async throws(SerialClientError) -> Page<Element>
    private var page: ArraySlice<Element> = []
    private var cursor: PageCursor?
    private var isAtEnd = false

    init(fetch: @escaping @Sendable (PageCursor?) async throws(SerialClientError) -> Page<Element>)
    { self.fetch = fetch }

    public mutating func next() async throws(SerialClientError) -> Element? {
      while page.isEmpty, !isAtEnd {
        let fetched = try await fetch(cursor)
        // A cursor that does not move would never come to an end.
        isAtEnd = fetched.next == nil || fetched.next == cursor
        cursor = fetched.next
        page = fetched.elements[...]
      }
      return page.popFirst()
    }
  }
}
