public import LeaseCore

public struct AllocatorSettings: Sendable, Equatable {
  /// The node's name, as it is shown to callers.
  public var node: String
  /// The process: the boot that the coordinator's session was made with.
  public var boot: BootID
  public var machine: LeaseMachine.Settings
  /// How long a request waits for its numbers at most, in milliseconds.
  public var requestDeadlineMilliseconds: Int
  /// How often deadlines and pauses are looked at, in milliseconds: the precision of each of them.
  public var tickMilliseconds: Int
  /// How often the coordinator is tried while it is away, in milliseconds.
  public var probeMilliseconds: Int

  public init(
    node: String, machine: LeaseMachine.Settings = LeaseMachine.Settings(),
    requestDeadlineMilliseconds: Int = 5_000, tickMilliseconds: Int = 25,
    probeMilliseconds: Int = 250, boot: BootID
  ) {
    self.node = node
    self.boot = boot
    self.machine = machine
    self.requestDeadlineMilliseconds = requestDeadlineMilliseconds
    self.tickMilliseconds = tickMilliseconds
    self.probeMilliseconds = probeMilliseconds
  }
}
