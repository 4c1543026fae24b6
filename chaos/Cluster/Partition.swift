import FaultProxy
import Glibc
import LocalCluster

/// How a node is cut off from its coordinator.
public enum PartitionMeans: String, Sendable {
  /// The kernel drops the packets (`iptables`): connections stay, and what is sent is sent again and
  /// again. Only in a network namespace of our own, so that the rules end with us.
  case packets
  /// The proxy forwards nothing.
  case proxy

  /// What this machine allows: `deploy/chaos/run.sh` starts us in a namespace of our own if it can.
  public static var best: PartitionMeans {
    let isOwn = getenv("SERIALD_CHAOS_NAMESPACE").map { String(cString: $0) } == "1"
    return isOwn && geteuid() == 0 && iptables != nil ? .packets : .proxy
  }

  static var iptables: String? {
    ["/usr/sbin/iptables", "/sbin/iptables"].first { access($0, X_OK) == 0 }
  }
}

/// Which direction is dropped.
public enum PartitionWay: String, Sendable, CaseIterable {
  case both
  /// Requests arrive, answers do not.
  case answers
  /// Requests do not arrive.
  case requests
}

extension ClusterNode {
  /// Cuts the node off for as long as `body` lasts.
  public func partition(
    _ way: PartitionWay = .both, by means: PartitionMeans = .best, _ body: () async throws -> Void
  ) async throws {
    try await cutOff(way, by: means, isOn: true)
    let result: Result<Void, any Error>
    do {
      result = .success(try await body())
    } catch {
      result = .failure(error)
    }
    try await cutOff(way, by: means, isOn: false)
    try result.get()
  }

  private func cutOff(_ way: PartitionWay, by means: PartitionMeans, isOn: Bool) async throws {
    switch means {
    case .proxy:
      var directions: Set<Direction> = []
      if isOn, way != .answers { directions.insert(.toUpstream) }
      if isOn, way != .requests { directions.insert(.toClient) }
      await proxy.stall(directions)
    case .packets:
      if way != .answers { try await drop("--dport", isOn) }
      if way != .requests { try await drop("--sport", isOn) }
    }
  }

  private func drop(_ side: String, _ isOn: Bool) async throws {
    let result = try await Command.run(
      PartitionMeans.iptables ?? "iptables",
      [
        isOn ? "-I" : "-D", "INPUT", "-i", "lo", "-p", "tcp", side, String(proxy.port), "-j",
        "DROP",
      ])
    guard result.succeeded else {
      throw LocalClusterError(.commandFailed, "iptables: \(result.errors)")
    }
  }
}
