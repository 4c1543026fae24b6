import ChaosCluster
import ChaosLoad
import FaultProxy
import FoundationEssentials
import LocalCluster

extension Scenario {
  /// Certificates end while everything runs, and new ones are put in their place.
  static let certificateRotation = Scenario(
    "certificate-rotation",
    "A node's certificate ends, then the coordinator's; with new ones all go on without a restart."
  ) { stage in
    let cluster = stage.cluster
    let postgres = cluster.postgres
    let folder = "\(postgres.folder)/certs"
    try await stage.load.run(stage.clients) {
      try await stage.letPass(200)
      for name in ["us-1", "eu-1"] {
        let node = try cluster.node(name)
        try await stage.fault("certificate", on: name, "ended; replaced after two times to live") {
          _ = try postgres.authority.issueClient(
            role: name, validity: .seconds(3), folder: folder)
          try await Task.sleep(for: .seconds(4))
          await node.proxy.cut()
          try await silence(of: name, stage)
          _ = try postgres.authority.issueClient(role: name, folder: folder)
        }
        try await stage.letPass(20, at: name)
      }
      try await stage.fault("certificate", on: "coordinator", "its own ended, and was replaced") {
        let ended = try postgres.authority.issueServer(
          validity: .seconds(3), folder: folder, file: "ended")
        try await Task.sleep(for: .seconds(4))
        try await use(ended, stage)
        try await silence(of: nil, stage)
        try await use(
          try postgres.authority.issueServer(folder: folder, file: "server"), stage)
      }
      try await stage.expectAllToServe(within: 60)
      try await stage.letPass(200)
    }
  }

  private static func use(_ files: CertificateFiles, _ stage: Stage) async throws {
    let server = stage.cluster.postgres.server
    await server.reconfigure { $0.server = files }
    try await server.reload()
    for node in stage.cluster.nodes { await node.proxy.cut() }
  }

  /// Without a certificate that is good nothing is issued, for as long as two times to live.
  private static func silence(of node: String?, _ stage: Stage) async throws {
    // what was under way when its connections were cut
    try await Task.sleep(for: .milliseconds(stage.cluster.options.requestMilliseconds))
    let before = stage.load.count(node)
    try await Task.sleep(for: .milliseconds(2 * stage.cluster.options.leaseMilliseconds))
    let issued = stage.load.count(node) - before
    stage.demand(
      "\(node ?? "nobody") issues \(node == nil ? "anything" : "nothing") with a certificate that ended",
      issued == 0, seen: "\(issued) requests acknowledged")
  }
}

extension CertificateValidity {
  /// From five minutes ago, for so many seconds from now on.
  static func seconds(_ seconds: Double) -> CertificateValidity {
    CertificateValidity(
      notBefore: Date().addingTimeInterval(-300), notAfter: Date().addingTimeInterval(seconds))
  }
}
