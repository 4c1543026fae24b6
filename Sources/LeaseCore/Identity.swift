public import Foundation

/// A random identifier that cannot be mistaken for one of another kind. The shell makes them; the
/// core only compares them.
public struct Identity<Of>: Hashable, Sendable, CustomStringConvertible {
  public let uuid: UUID

  public init(_ uuid: UUID) { self.uuid = uuid }

  public var description: String { uuid.uuidString.lowercased() }
}

/// What a lease identifier identifies.
public enum LeaseIdentity {}
/// What a fencing token identifies: one grant of one lease.
public enum TokenIdentity {}
/// What a boot identifier identifies: one start of one node's process.
public enum BootIdentity {}
/// What a request identifier identifies: one caller's request for numbers.
public enum RequestIdentity {}

public typealias LeaseID = Identity<LeaseIdentity>
public typealias Token = Identity<TokenIdentity>
public typealias BootID = Identity<BootIdentity>
public typealias RequestID = Identity<RequestIdentity>
