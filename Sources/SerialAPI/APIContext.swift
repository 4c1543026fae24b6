import Foundation
public import Hummingbird
import LeaseCore
import Logging
import SerialAuth

/// What belongs to one request.
public struct APIContext: RequestContext {
  public var coreContext: CoreRequestContextStorage
  /// Made here for each request; it goes into the answer's header, the log and the issue log. What
  /// a client sends under that name is not taken over: it would let one client write another's.
  let requestID: LeaseCore.RequestID
  /// Whether the client is still there; nil where there is no connection, as in some tests.
  let presence: ClientPresence?

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    requestID = LeaseCore.RequestID(UUID())
    presence = ClientPresence.current
    logger[metadataKey: "hb.request.id"] = nil
    logger[metadataKey: "request_id"] = .string(requestID.description)
  }
}
